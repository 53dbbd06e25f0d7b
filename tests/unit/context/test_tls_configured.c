/* SPDX-License-Identifier: Apache-2.0 */
/* `verified_peers = same-configuration` while another thread configures an SSL_CTX. */
#include "tls_tickets.h"

#include "stek.h"

#include <openssl/err.h>

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 40 };

static void attach(struct tls_test *test, SSL_CTX *server)
{
    struct stek_attach_options options = STEK_ATTACH_OPTIONS_INIT;

    options.override = test->mode->override;
    options.same_configuration = 1;
    tls_server_id_context(server, "one for all");
    assert_int_equal(stek_attach(server, test->ring, &options), STEK_OK);
}

static SSL_CTX *server(struct tls_test *test)
{
    SSL_CTX *made = tls_server_for(test, "a.example");

    tls_server_verify(made, SSL_VERIFY_PEER);
    attach(test, made);
    return made;
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.server_name = NULL});

    return tls_visit(test, to, &(struct tls_call){.session = session});
}

/* Has another thread make an SSL_CTX: stek's part in SSL_CTX_new() is over, and no more. */
struct made_elsewhere {
    struct tls_test *test;
    SSL_CTX *ctx;
};

static void *make_elsewhere(void *arg)
{
    struct made_elsewhere *made = arg;

    if (made->ctx == NULL)
        made->ctx = tls_server_bare(made->test);
    attach(made->test, made->ctx);
    return NULL;
}

static SSL_CTX *made_by_another_thread(struct tls_test *test, SSL_CTX *ctx)
{
    struct made_elsewhere made = {test, ctx};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, make_elsewhere, &made), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return made.ctx;
}

static SSL_CTX *server_of_another_thread(struct tls_test *test)
{
    return made_by_another_thread(test, NULL);
}

static void finish(SSL_CTX *ctx)
{
    tls_server_add_cert(ctx, &(struct tls_cert_wish){.alternatives = "DNS:a.example"});
    tls_server_verify(ctx, SSL_VERIFY_PEER);
}

static void until_it_is_in_use_tickets_go_as_far_as_libssls_own(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test);
    SSL_CTX *other = server(test);

    assert_resumed(carry(test, one, other));
    SSL_CTX *later = server_of_another_thread(test);
    assert_full(carry(test, one, other));
    assert_resumed(carry(test, one, one));
    finish(later);
    assert_full(carry(test, one, other));
    assert_resumed(carry(test, later, later));
    assert_resumed(carry(test, one, other));
}

static void so_until_it_is_gone(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test);
    SSL_CTX *other = server(test);

    assert_resumed(carry(test, one, other));
    (void)server_of_another_thread(test);
    assert_full(carry(test, one, other));
    SSL_CTX_free(test->servers[--test->server_count]);
    assert_resumed(carry(test, one, other));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int to_later(SSL *ssl, int *alert, void *later)
{
    (void)alert;
    return SSL_set_SSL_CTX(ssl, later) != NULL ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void one_that_connections_are_switched_to_is_in_use(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test);
    SSL_CTX *other = server(test);

    assert_resumed(carry(test, one, other));
    SSL_CTX *later = server_of_another_thread(test);
    finish(later);
    (void)SSL_CTX_set_tlsext_servername_callback(one, to_later);
    (void)SSL_CTX_set_tlsext_servername_arg(one, later);
    (void)tls_get_ticket_from(test, one, &(struct tls_call){.server_name = "a.example"});
    (void)SSL_CTX_set_tlsext_servername_callback(one, NULL);
    assert_resumed(carry(test, one, other));
}

static void one_that_a_client_uses_is_in_use(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test);
    SSL_CTX *other = server(test);

    assert_resumed(carry(test, one, other));
    SSL_CTX *later = made_by_another_thread(test, SSL_CTX_new(TLS_method()));
    assert_full(carry(test, one, other));
    SSL *ssl = SSL_new(later);
    assert_non_null(ssl);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    SSL_free(ssl);
    ERR_clear_error();
    assert_resumed(carry(test, one, other));
    SSL_CTX_free(later);
}

static atomic_bool is_over;

/* Makes SSL_CTXs and configures them, one after the other, none of which is ever used. */
static void *keep_configuring(void *arg)
{
    struct tls_test *test = arg;
    X509 *authority = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});

    while (!atomic_load(&is_over)) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        attach(test, ctx);
        finish(ctx);
        (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority);
        SSL_CTX_set_cert_store(ctx, X509_STORE_new());
        SSL_CTX_free(ctx);
    }
    X509_free(authority);
    return NULL;
}

/* Under helgrind: nothing of theirs is read meanwhile. */
static void others_shake_hands_meanwhile(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test);
    pthread_t thread;

    assert_resumed(carry(test, one, one));
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&thread, NULL, keep_configuring, test), 0);
    for (int i = 0; i < ROUNDS; i++)
        (void)tls_get_ticket_from(test, one, &(struct tls_call){.server_name = NULL});
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    static const struct tls_behaviour configured[] = {
        TLS_BEHAVIOUR(until_it_is_in_use_tickets_go_as_far_as_libssls_own, TLS_ANY),
        TLS_BEHAVIOUR(so_until_it_is_gone, TLS_ANY),
        TLS_BEHAVIOUR(one_that_connections_are_switched_to_is_in_use, TLS_ANY),
        TLS_BEHAVIOUR(one_that_a_client_uses_is_in_use, TLS_ONCE),
        TLS_BEHAVIOUR(others_shake_hands_meanwhile, TLS_ONCE),
    };

    return TLS_RUN(configured);
}
