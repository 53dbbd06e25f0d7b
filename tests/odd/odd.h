/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that do with OpenSSL what few programs do. Each is a function that prints what it saw;
 * with stek loaded it must print the same. Like a server nobody changed, none of them knows of
 * stek.
 */
#ifndef TESTS_ODD_ODD_H
#define TESTS_ODD_ODD_H

#include <openssl/ssl.h>

#include <stdbool.h>

/* Ends the program with status 2 when something that a program sets up fails. */
void must(bool ok, const char *what);

/* A server's SSL_CTX of this method with the certificate of the run, and a client's. A client keeps
 * the newest session that it got. */
SSL_CTX *new_server(const SSL_METHOD *method);
SSL_CTX *new_client(const SSL_METHOD *method, int version);

/* The newest session of the client's SSL_CTX, or NULL. Borrowed. */
SSL_SESSION *latest_session(const SSL_CTX *client);

/* Both ends of a connection in memory. */
struct pair {
    SSL *client;
    SSL *server;
};

/* The client offers its newest session. */
struct pair pair_open(SSL_CTX *server, SSL_CTX *client);

/* Shakes hands, and exchanges a byte each way. False: it did not work. */
bool pair_shake(struct pair *pair);
bool pair_exchange(struct pair *pair);

void pair_close(struct pair *pair);

/* A whole connection: "full", "resumed" or "failed". */
const char *visit(SSL_CTX *server, SSL_CTX *client);

/* So many visits of a new client in this version, printed after the text in one line. */
void print_visits(const char *text, SSL_CTX *server, int version, int count);

/* The same in TLS 1.2 and 1.3. */
void print_both(const char *text, SSL_CTX *server, int count);

typedef void odd_fn(void);

odd_fn odd_jobs, odd_depth, odd_forks, odd_freed, odd_clean_up, odd_at_exit, odd_broken_pipe,
    odd_full_pipe, odd_inetd, odd_daemon, odd_numbers, odd_timeouts, odd_later, odd_toggled,
    odd_reused, odd_datagrams, odd_both_roles, odd_own_callbacks, odd_indexes, odd_faults,
    odd_own_memory, odd_one_more, odd_given_session, odd_late_ids, odd_there_and_back, odd_holds,
    odd_thread_forks, odd_listens, odd_closed, odd_closes, odd_spawns;

#endif
