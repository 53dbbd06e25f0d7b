/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C twin of servers/programs/two_contexts.py, to be linked with OpenSSL in several ways: says
 * whether the second of two servers' SSL_CTXs resumes what the first began, in memory.
 *
 * usage: two_contexts FILE    (certificate and key)
 *
 * With IN_OWN_CONTEXT it works in a library context of its own, and leaves the default one without
 * any provider.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>

static void require(int ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "two_contexts: %s failed\n", what);
    exit(2);
}

#ifdef IN_OWN_CONTEXT
#include <openssl/provider.h>

static OSSL_LIB_CTX *own;

static void make_own_context(void)
{
    own = OSSL_LIB_CTX_new();
    require(own != NULL && OSSL_PROVIDER_load(NULL, "null") != NULL &&
                OSSL_PROVIDER_load(own, "default") != NULL,
            "a library context");
}

static SSL_CTX *new_context(const SSL_METHOD *method)
{
    return SSL_CTX_new_ex(own, "", method);
}
#else
static void make_own_context(void)
{
}

static SSL_CTX *new_context(const SSL_METHOD *method)
{
    return SSL_CTX_new(method);
}
#endif

static SSL_CTX *server_context(const char *pem)
{
    SSL_CTX *ctx = new_context(TLS_server_method());

    require(ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, pem) == 1 &&
                SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) == 1,
            "the server's SSL_CTX");
    return ctx;
}

static SSL_CTX *client_context(void)
{
    SSL_CTX *ctx = new_context(TLS_client_method());

    require(ctx != NULL && SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1,
            "the client's SSL_CTX");
    return ctx;
}

static void shake_hands(SSL *client, SSL *server)
{
    BIO *at_client;
    BIO *at_server;

    require(BIO_new_bio_pair(&at_client, 0, &at_server, 0) == 1, "a pair of BIOs");
    SSL_set_bio(client, at_client, at_client);
    SSL_set_bio(server, at_server, at_server);
    for (int i = 0; i < 10 && (!SSL_is_init_finished(client) || !SSL_is_init_finished(server));
         i++) {
        (void)SSL_connect(client);
        (void)SSL_accept(server);
    }
    require(SSL_is_init_finished(client) && SSL_is_init_finished(server), "a handshake");
}

/* Visits a server with a session or without, and returns the session that comes of it. */
static SSL_SESSION *visit(SSL_CTX *visitor, SSL_CTX *host, SSL_SESSION *with, int *ret_resumed)
{
    SSL *client = SSL_new(visitor);
    SSL *server = SSL_new(host);

    require(client != NULL && server != NULL, "SSL_new()");
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    require(with == NULL || SSL_set_session(client, with) == 1, "SSL_set_session()");
    shake_hands(client, server);
    *ret_resumed = SSL_session_reused(client);
    SSL_SESSION *session = SSL_get1_session(client);
    (void)SSL_shutdown(client);
    SSL_free(client);
    SSL_free(server);
    return session;
}

int main(int argc, char **argv)
{
    int resumed = 0;

    require(argc == 2, "reading the command line");
    make_own_context();
    SSL_CTX *visitor = client_context();
    SSL_CTX *first = server_context(argv[1]);
    SSL_CTX *second = server_context(argv[1]);
    SSL_SESSION *session = visit(visitor, first, NULL, &resumed);
    SSL_SESSION *again = visit(visitor, second, session, &resumed);
    (void)puts(resumed != 0 ? "shared" : "apart");
    SSL_SESSION_free(session);
    SSL_SESSION_free(again);
    SSL_CTX_free(visitor);
    SSL_CTX_free(first);
    SSL_CTX_free(second);
    return 0;
}
