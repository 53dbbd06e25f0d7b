/* SPDX-License-Identifier: Apache-2.0 */
/* Connections in memory. */
#include "odd.h"

#include <openssl/err.h>

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS_MAX = 50 };

const char *identity; /* the file with certificate and key */

void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "odd: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

SSL_CTX *new_server(const SSL_METHOD *method)
{
    static const unsigned char of_all[] = "odd";
    SSL_CTX *ctx = SSL_CTX_new(method);

    must(ctx != NULL && SSL_CTX_set_session_id_context(ctx, of_all, sizeof of_all - 1) == 1 &&
             SSL_CTX_use_certificate_file(ctx, identity, SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_use_PrivateKey_file(ctx, identity, SSL_FILETYPE_PEM) == 1,
         "a server's SSL_CTX");
    return ctx;
}

SSL_SESSION *latest_session(const SSL_CTX *client)
{
    SSL_SESSION *session = SSL_CTX_get_app_data(client);

    return session;
}

static int keep(SSL *ssl, SSL_SESSION *session)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

    SSL_SESSION_free(latest_session(ctx));
    return SSL_CTX_set_app_data(ctx, session);
}

SSL_CTX *new_client(const SSL_METHOD *method, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
             SSL_CTX_set_max_proto_version(ctx, version) == 1,
         "a client's SSL_CTX");
    (void)SSL_CTX_set_session_cache_mode(ctx,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(ctx, keep);
    return ctx;
}

struct pair pair_open(SSL_CTX *server, SSL_CTX *client)
{
    struct pair pair = {SSL_new(client), SSL_new(server)};
    BIO *client_end = NULL;
    BIO *server_end = NULL;

    must(pair.client != NULL && pair.server != NULL &&
             BIO_new_bio_pair(&client_end, 0, &server_end, 0) == 1,
         "a connection");
    SSL_set_bio(pair.client, client_end, client_end);
    SSL_set_bio(pair.server, server_end, server_end);
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    if (latest_session(client) != NULL)
        must(SSL_set_session(pair.client, latest_session(client)) == 1, "a session");
    return pair;
}

/* Whether the side may go on; *ret_done: it has finished. */
static bool step(SSL *ssl, bool *ret_done)
{
    const int result = SSL_do_handshake(ssl);
    const int problem = SSL_get_error(ssl, result);

    *ret_done = result == 1;
    return result == 1 || problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE ||
           problem == SSL_ERROR_WANT_ASYNC;
}

bool pair_shake(struct pair *pair)
{
    bool client_done = false;
    bool server_done = false;

    for (int i = 0; i < ROUNDS_MAX && !(client_done && server_done); i++)
        if (!step(pair->client, &client_done) || !step(pair->server, &server_done))
            return false;
    return client_done && server_done;
}

bool pair_exchange(struct pair *pair)
{
    char byte = '?';

    return SSL_write(pair->client, "?", 1) == 1 && SSL_read(pair->server, &byte, 1) == 1 &&
           SSL_write(pair->server, "!", 1) == 1 && SSL_read(pair->client, &byte, 1) == 1 &&
           byte == '!';
}

void pair_close(struct pair *pair)
{
    SSL_set_shutdown(pair->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(pair->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(pair->client);
    SSL_free(pair->server);
}

const char *visit(SSL_CTX *server, SSL_CTX *client)
{
    struct pair pair = pair_open(server, client);
    const bool ok = pair_shake(&pair) && pair_exchange(&pair);
    const bool resumed = ok && SSL_session_reused(pair.server) == 1;

    pair_close(&pair);
    ERR_clear_error();
    return !ok ? "failed" : resumed ? "resumed" : "full";
}

static void free_client(SSL_CTX *client)
{
    SSL_SESSION_free(latest_session(client));
    SSL_CTX_free(client);
}

void print_visits(const char *text, SSL_CTX *server, int version, int count)
{
    SSL_CTX *client = new_client(TLS_client_method(), version);

    (void)printf("%s %x:", text, (unsigned)version);
    for (int i = 0; i < count; i++)
        (void)printf(" %s", visit(server, client));
    (void)puts("");
    free_client(client);
}

void print_both(const char *text, SSL_CTX *server, int count)
{
    print_visits(text, server, TLS1_2_VERSION, count);
    print_visits(text, server, TLS1_3_VERSION, count);
}
