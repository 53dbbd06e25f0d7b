/* SPDX-License-Identifier: Apache-2.0 */
/* What the three servers have in common. Each is called as: SERVER PORT CERT.pem KEY.pem [RING] */
#ifndef START_H
#define START_H

#include <stddef.h>
#include <stek.h>

struct start {
    int listener; /* a socket that listens on 127.0.0.1 */
    SSL_CTX *ctx; /* with the certificate, and with stek's ticket keys */
    struct stek_ring *ring;
};

/* Reads the command line and makes ready what the server needs. Does not return on failure: it has
 * said then what is wrong. */
void start(int argc, char **argv, struct start *ret_start);

/* Gives back what start() has made. */
void start_end(struct start *start);

/* Serves one client and closes the connection: a whole handshake, a request, and `who` as the
 * answer. It blocks, for at most ten seconds at a time. */
void serve(SSL_CTX *ctx, int connection, const char *who);

/* Writes the answer to a request, which a browser can show, too; returns its length, less than
 * `size`. */
size_t answer_to(SSL *ssl, const char *who, char *ret_answer, size_t size);

#endif
