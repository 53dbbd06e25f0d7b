/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that run out of memory, and programs that bring a memory of their own. */
#include "odd.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 50, EACH = 13, MOST = 20000 };

/* Which of the next allocations fails; 0: none. */
static long failing;
static bool has_failed;

/* Only glibc shows its own functions beside those that a program puts in their place; and a
 * sanitizer has its own in that place. */
#if defined(__GLIBC__) && !defined(WITH_SANITIZER)
enum { FAULTS_MIN = 50 };

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static bool fails(void)
{
    if (failing == 0 || --failing > 0)
        return false;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

/* These take the C library's place for all of the program: libssl, libcrypto and what they load. */
void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    return fails() ? NULL : __libc_realloc(at, size);
}
#else
enum { FAULTS_MIN = 0 };
#endif

static bool shake_with_fault(struct pair *pair, long which)
{
    int done = 0;

    has_failed = false;
    for (int i = 0; i < ROUNDS_MAX && done != 1; i++) {
        (void)SSL_do_handshake(pair->client);
        failing = which;
        done = SSL_do_handshake(pair->server);
        which = failing;
        failing = 0;
    }
    return done == 1;
}

/* One allocation of the server fails; false: there are no more. */
static bool visit_with_fault(SSL_CTX *server, SSL_CTX *client, long which)
{
    struct pair pair = pair_open(server, client);

    if (shake_with_fault(&pair, which))
        (void)pair_exchange(&pair);
    pair_close(&pair);
    ERR_clear_error();
    return has_failed;
}

static void free_client(SSL_CTX *client)
{
    SSL_SESSION_free(latest_session(client));
    SSL_CTX_free(client);
}

/* A client that comes back, or a new one each time. */
static void visits_with_faults(SSL_CTX *server, int version, bool comes_back)
{
    SSL_CTX *client = new_client(TLS_client_method(), version);
    long which = 1;
    bool more = true;

    (void)visit(server, client);
    while (more && which < MOST) {
        SSL_CTX *other = new_client(TLS_client_method(), version);
        more = visit_with_fault(server, comes_back ? client : other, which);
        must(strcmp(visit(server, client), "failed") != 0, "a visit after a fault");
        free_client(other);
        which += EACH;
    }
    must(which > FAULTS_MIN && which < MOST, "as many faults as allocations");

    (void)printf("%x: each failed once\n", (unsigned)version);
    free_client(client);
}

/* The first handshake of an SSL_CTX, and each of its allocations. */
static void first_visits_with_faults(void)
{
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);
    long which = 1;
    bool more = true;

    while (more && which < MOST) {
        SSL_CTX *server = new_server(TLS_server_method());
        more = visit_with_fault(server, client, which++);
        must(strcmp(visit(server, client), "failed") != 0, "a visit after the fault");
        SSL_CTX_free(server);
    }
    must(which > FAULTS_MIN && which < MOST, "as many faults as allocations");
    (void)puts("at first: each failed once");
    free_client(client);
}

/* Handshakes, and the making of SSL_CTXs, in which one allocation fails. */
void odd_faults(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    first_visits_with_faults();
    visits_with_faults(server, TLS1_2_VERSION, false);
    visits_with_faults(server, TLS1_3_VERSION, false);
    visits_with_faults(server, TLS1_2_VERSION, true);
    visits_with_faults(server, TLS1_3_VERSION, true);
    for (long which = 1; which < 60; which++) {
        failing = which;
        SSL_CTX *made = SSL_CTX_new(TLS_server_method());
        failing = 0;
        SSL_CTX_free(made);
    }
    print_both("after", server, 3);
}
