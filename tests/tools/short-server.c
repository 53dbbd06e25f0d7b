/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     short-server PEM
 *
 * A server that lives for one handshake, with a client in the same process: certificate and key are
 * in PEM. Exits with 0 if the client was given a ticket.
 */
#include <stdbool.h>
#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

static bool tickets;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    tickets = tickets || SSL_SESSION_has_ticket(session) == 1;
    return 0;
}

static SSL_CTX *server_of(const char *pem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1)
        return NULL;
    return ctx;
}

static SSL_CTX *client(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (ctx != NULL) {
        (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(ctx, on_session);
    }
    return ctx;
}

static bool shake_hands(SSL *one, SSL *other)
{
    char byte;

    for (int turn = 0; turn < 10 && !tickets; turn++) {
        (void)SSL_do_handshake(one);
        (void)SSL_do_handshake(other);
        (void)SSL_read(one, &byte, 1);
    }
    return tickets;
}

int main(int argc, char **argv)
{
    SSL_CTX *const ctx[2] = {client(), argc > 1 ? server_of(argv[1]) : NULL};
    BIO *end[2];

    if (ctx[0] == NULL || ctx[1] == NULL || BIO_new_bio_pair(&end[0], 0, &end[1], 0) != 1) {
        (void)fputs("usage: short-server PEM\n", stderr);
        return 2;
    }
    SSL *const ssl[2] = {SSL_new(ctx[0]), SSL_new(ctx[1])};
    SSL_set_connect_state(ssl[0]);
    SSL_set_accept_state(ssl[1]);
    SSL_set_bio(ssl[0], end[0], end[0]);
    SSL_set_bio(ssl[1], end[1], end[1]);
    const bool well = shake_hands(ssl[0], ssl[1]);
    for (int i = 0; i < 2; i++) {
        SSL_free(ssl[i]);
        SSL_CTX_free(ctx[i]);
    }
    return well ? 0 : 1;
}
