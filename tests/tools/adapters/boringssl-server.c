/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     boringssl-server PORT CERT KEY RING LABEL
 *
 * A server of the real BoringSSL with two processes, whose tickets are under the keys of a label.
 * There is no OpenSSL in it.
 */
#include <stek-boringssl.h>

#include "workers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static SSL_CTX *ctx;

static void answer(SSL *ssl)
{
    char request[1024], text[ANSWER_LEN];
    const size_t len = workers_answer(text);

    if (SSL_read(ssl, request, sizeof request) > 0)
        (void)SSL_write(ssl, text, (int)len);
}

static void serve(int fd)
{
    SSL *ssl = SSL_new(ctx);

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
        answer(ssl);
        (void)SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    (void)close(fd);
}

static bool set_up(char **argv)
{
    struct stek_ring *ring;
    struct stek_label *label;

    ctx = SSL_CTX_new(TLS_method());
    return ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, argv[2]) == 1 &&
           SSL_CTX_use_PrivateKey_file(ctx, argv[3], SSL_FILETYPE_PEM) == 1 &&
           stek_ring_open(argv[4], &ring) == STEK_OK &&
           stek_label_new(ring, argv[5], &label) == STEK_OK &&
           stek_boringssl_attach(ctx, label) == STEK_OK;
}

int main(int argc, char **argv)
{
    if (argc != 6 || !set_up(argv)) {
        (void)fputs("usage: boringssl-server PORT CERT KEY RING LABEL\n", stderr);
        return 2;
    }
    workers_run((int)strtol(argv[1], NULL, 10), serve);
    return 1;
}
