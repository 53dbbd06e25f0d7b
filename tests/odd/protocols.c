/* SPDX-License-Identifier: Apache-2.0 */
/* What TLS and libssl can do, and few servers do. */
#include "odd.h"

#include <openssl/err.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* That a client has got in one connection. */
static int tickets;

static int count_ticket(SSL *ssl, SSL_SESSION *session)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);

    tickets += SSL_SESSION_has_ticket(session);
    SSL_SESSION_free(latest_session(ctx));
    return SSL_CTX_set_app_data(ctx, session);
}

static void print_tickets(const char *text, SSL_CTX *server)
{
    for (int i = 0; i < 2; i++) {
        SSL_CTX *client = new_client(TLS_client_method(), versions[i]);
        SSL_CTX_sess_set_new_cb(client, count_ticket);
        (void)printf("%s %x:", text, (unsigned)versions[i]);
        for (int visits = 0; visits < 3; visits++) {
            tickets = 0;
            const char *how = visit(server, client);
            (void)printf(" %s %d", how, tickets);
        }
        (void)puts("");
    }
}

void odd_numbers(void)
{
    static const size_t numbers[] = {0, 1, 5};

    for (int i = 0; i < 3; i++) {
        SSL_CTX *server = new_server(TLS_server_method());
        must(SSL_CTX_set_num_tickets(server, numbers[i]) == 1, "a number");
        print_tickets("tickets", server);
        SSL_CTX_free(server);
    }
}

void odd_timeouts(void)
{
    static const long timeouts[] = {0, 300, LONG_MAX};

    for (int i = 0; i < 3; i++) {
        SSL_CTX *server = new_server(TLS_server_method());
        (void)SSL_CTX_set_timeout(server, timeouts[i]);
        print_tickets("timeout", server);
        SSL_CTX_free(server);
    }
}

/* As the server asks; the client's session resumes in it. */
static bool negotiate_again(struct pair *pair)
{
    const bool asked = SSL_renegotiate(pair->server) == 1 && SSL_do_handshake(pair->server) == 1;
    char byte;

    for (int i = 0; i < 4; i++) {
        (void)SSL_read(pair->client, &byte, 1);
        (void)SSL_read(pair->server, &byte, 1);
    }
    return asked && SSL_renegotiate_pending(pair->server) == 0 && pair_exchange(pair);
}

/* A certificate that is asked for after the handshake, and new keys. */
static bool ask_and_update(struct pair *pair)
{
    SSL_set_verify(pair->server, SSL_VERIFY_PEER, NULL);
    return SSL_verify_client_post_handshake(pair->server) == 1 &&
           SSL_do_handshake(pair->server) == 1 &&
           SSL_key_update(pair->server, SSL_KEY_UPDATE_REQUESTED) == 1 && pair_exchange(pair);
}

static void print_more(SSL_CTX *server, int version)
{
    SSL_CTX *client = new_client(TLS_client_method(), version);

    SSL_CTX_set_post_handshake_auth(client, 1);
    for (int i = 0; i < 3; i++) {
        struct pair pair = pair_open(server, client);
        must(pair_shake(&pair) && pair_exchange(&pair), "a handshake");
        const long resumed = SSL_session_reused(pair.server);
        const bool done =
            version == TLS1_2_VERSION ? negotiate_again(&pair) : ask_and_update(&pair);
        (void)printf("%x resumed %ld, then %d\n", (unsigned)version, resumed, done);
        pair_close(&pair);
        ERR_clear_error();
    }
}

void odd_later(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    for (int i = 0; i < 2; i++)
        print_more(server, versions[i]);
}

static int no_more_tickets(SSL *ssl, void *arg)
{
    (void)arg;
    (void)SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return 1;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libssl's */
static int hello_no_tickets(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    return no_more_tickets(ssl, arg);
}

/* An SSL gives no tickets from some point of its handshake on. */
void odd_toggled(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    SSL_CTX_set_cert_cb(server, no_more_tickets, NULL);
    print_tickets("in the certificate callback", server);
    SSL_CTX_set_cert_cb(server, NULL, NULL);
    print_tickets("again", server);
    SSL_CTX_set_client_hello_cb(server, hello_no_tickets, NULL);
    print_tickets("in the hello callback", server);
}

/* One SSL for many connections, and one that was copied. */
static void reuse(SSL_CTX *server, int version, bool copy)
{
    SSL_CTX *client = new_client(TLS_client_method(), version);
    SSL *kept = SSL_new(server);

    for (int i = 0; i < 4; i++) {
        struct pair pair = pair_open(server, client);
        BIO *end = SSL_get_rbio(pair.server);
        (void)BIO_up_ref(end);
        SSL_free(pair.server);
        if (copy) {
            SSL *twin = SSL_dup(kept);
            SSL_free(kept);
            kept = twin;
        }
        must(SSL_clear(kept) == 1, "SSL_clear");
        SSL_set_bio(kept, end, end);
        SSL_set_accept_state(kept);
        pair.server = kept;
        const bool ok = pair_shake(&pair) && pair_exchange(&pair);
        (void)printf("%x %d resumed %ld\n", (unsigned)version, ok,
                     ok ? (long)SSL_session_reused(kept) : -1L);
        (void)SSL_up_ref(kept);
        pair_close(&pair);
    }
    SSL_free(kept);
}

void odd_reused(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    for (int i = 0; i < 2; i++) {
        reuse(server, versions[i], false);
        reuse(server, versions[i], true);
    }
}

/* Datagrams, in memory: no loss. */
static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
    (void)ssl;
    memset(cookie, 'c', 16);
    *len = 16;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
    (void)ssl;
    return len == 16 && cookie[0] == 'c';
}

/* Both ends of a connection without a network, and without loss. */
static struct pair datagrams_open(SSL_CTX *server, SSL_CTX *client)
{
    struct pair pair = {SSL_new(client), SSL_new(server)};
    SSL *const ends[] = {pair.client, pair.server};
    BIO *to = BIO_new(BIO_s_mem());
    BIO *from = BIO_new(BIO_s_mem());

    must(BIO_up_ref(to) == 1 && BIO_up_ref(from) == 1, "a connection");
    (void)BIO_set_mem_eof_return(to, -1);
    (void)BIO_set_mem_eof_return(from, -1);
    SSL_set_bio(pair.client, from, to);
    SSL_set_bio(pair.server, to, from);
    SSL_set_connect_state(pair.client);
    SSL_set_accept_state(pair.server);
    for (int i = 0; i < 2; i++) {
        (void)SSL_set_options(ends[i], SSL_OP_NO_QUERY_MTU);
        (void)SSL_set_mtu(ends[i], 16000);
    }
    if (latest_session(client) != NULL)
        must(SSL_set_session(pair.client, latest_session(client)) == 1, "a session");
    return pair;
}

static void print_datagrams(SSL_CTX *server, SSL_CTX *client)
{
    for (int i = 0; i < 3; i++) {
        struct pair pair = datagrams_open(server, client);
        const bool ok = pair_shake(&pair) && pair_exchange(&pair);
        (void)printf("datagrams %d resumed %ld\n", ok, (long)SSL_session_reused(pair.server));
        pair_close(&pair);
    }
}

void odd_datagrams(void)
{
    SSL_CTX *server = new_server(DTLS_server_method());
    SSL_CTX *client = new_client(DTLS_client_method(), DTLS1_2_VERSION);

    print_datagrams(server, client);
    (void)SSL_CTX_set_options(server, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(server, make_cookie);
    SSL_CTX_set_cookie_verify_cb(server, check_cookie);
    print_datagrams(server, client);
}

/* An SSL_CTX for both roles. */
void odd_both_roles(void)
{
    SSL_CTX *both = new_server(TLS_method());

    for (int i = 0; i < 2; i++) {
        must(SSL_CTX_set_max_proto_version(both, versions[i]) == 1, "a version");
        SSL_SESSION_free(latest_session(both));
        (void)SSL_CTX_set_app_data(both, NULL);
        for (int visits = 0; visits < 3; visits++) {
            struct pair pair = pair_open(both, both);
            must(pair_shake(&pair) && pair_exchange(&pair), "a handshake");
            (void)printf("%x resumed %ld\n", (unsigned)versions[i],
                         (long)SSL_session_reused(pair.server));
            SSL_SESSION_free(latest_session(both));
            (void)SSL_CTX_set_app_data(both, SSL_get1_session(pair.client));
            pair_close(&pair);
        }
    }
}

static size_t pad(SSL *ssl, int type, size_t len, void *arg)
{
    (void)ssl, (void)type;
    return arg != NULL ? *(size_t *)arg : len % 16;
}

void odd_own_callbacks(void)
{
    static size_t by = 32;
    SSL_CTX *server = new_server(TLS_server_method());

    SSL_CTX_set_record_padding_callback(server, pad);
    SSL_CTX_set_record_padding_callback_arg(server, &by);
    print_tickets("padded", server);
    SSL_CTX_set_record_padding_callback(server, NULL);
    SSL_CTX_set_record_padding_callback_arg(server, NULL);
    print_tickets("no argument", server);
    SSL_CTX_set_security_level(server, 3);
    print_tickets("level 3", server);
}

void odd_indexes(void)
{
    for (int i = 0; i < 3000; i++)
        must(SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL) >= 0 &&
                 SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL) >= 0,
             "an index");
    SSL_CTX *server = new_server(TLS_server_method());
    for (int i = 1; i < 31; i++)
        must(SSL_CTX_set_ex_data(server, i, server) == 1, "data");
    print_tickets("indexes", server);
    SSL_CTX_free(server);
}
