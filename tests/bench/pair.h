/* SPDX-License-Identifier: Apache-2.0 */
/* A client and a server in memory that shake hands. Whatever fails ends the program. */
#ifndef TESTS_BENCH_PAIR_H
#define TESTS_BENCH_PAIR_H

#include <openssl/ssl.h>

#include <stdint.h>

/* A certificate with a P-256 key, made once. */
struct pair_identity {
    X509 *cert;
    EVP_PKEY *key;
};
const struct pair_identity *pair_identity(void);

/* A server of one protocol version, with the certificate and without a session cache; for the
 * caller to free. */
SSL_CTX *pair_server(int version);

/* The same in two steps. */
SSL_CTX *pair_server_bare(int version);
void pair_identify(SSL_CTX *server);

/* A client that keeps the newest session that it got, and offers it until a newer one comes: in
 * TLS 1.3 too. */
struct pair_client {
    SSL_CTX *ctx;
    SSL_SESSION *session;
};
void pair_client_init(struct pair_client *client, int version);
void pair_client_fini(struct pair_client *client);

/*
 * One handshake, tickets included, offering the client's session if `resume`. Returns the CPU time
 * that the server's side took, from SSL_new() to SSL_free().
 */
int64_t pair_shake(struct pair_client *client, SSL_CTX *server, int resume);

#endif
