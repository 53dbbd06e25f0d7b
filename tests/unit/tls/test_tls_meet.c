/* SPDX-License-Identifier: Apache-2.0 */
/* How a connection leads to the ring of the SSL_CTX that accepted it, whatever the program does. */
#include "tls_tickets.h"

#include "tls/attachment.h"

#include <string.h>

static const struct tls_call as_a = {.server_name = "a.example"};
static unsigned misses;

static void count_miss(enum stek_event event)
{
    misses += event == STEK_EVENT_MISSED;
}

static bool sealed_by(const struct tls_visit *visit, const struct stek_ring *ring, SSL_CTX *server)
{
    const struct stek_ticket_key key = tls_active_key(ring, server);

    return visit->ticket_count > 0 &&
           memcmp(visit->tickets[0].name, key.name, sizeof key.name) == 0;
}

/* A full handshake whose ticket is of the test's ring, and one that resumes with it. */
static void assert_ring_serves(struct tls_test *test)
{
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);

    assert_full(visit);
    assert_true(sealed_by(&visit, test->ring, test->server));
    assert_resumed(tls_come_back(test, visit.session));
}

/* ---- what switches the SSL_CTX ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int switch_in_client_hello(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    return SSL_set_SSL_CTX(ssl, arg) != NULL ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int switch_by_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    return SSL_set_SSL_CTX(ssl, arg) != NULL ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *other_server(struct tls_test *test)
{
    SSL_CTX *other = tls_server_for(test, "b.example");

    tls_attach(test, other, NULL);
    return other;
}

/* As HAProxy does: before the ticket is opened. */
static void a_client_hello_callback_may_switch_contexts(void **state)
{
    struct tls_test *test = *state;

    SSL_CTX_set_client_hello_cb(test->server, switch_in_client_hello, other_server(test));
    assert_ring_serves(test);
}

static void a_server_name_callback_may_switch_contexts(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_tlsext_servername_callback(test->server, switch_by_name);
    (void)SSL_CTX_set_tlsext_servername_arg(test->server, other_server(test));
    assert_ring_serves(test);
}

static SSL *switched_before_its_handshake(struct tls_test *test, SSL_CTX *other)
{
    SSL *ssl = SSL_new(test->server);

    assert_ptr_equal(SSL_set_SSL_CTX(ssl, other), other);
    return ssl;
}

static void the_context_may_be_switched_before_the_handshake(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = other_server(test);
    const struct tls_call first = {.server_name = "a.example",
                                   .server = switched_before_its_handshake(test, other)};
    const struct tls_visit visit = tls_visit(test, test->server, &first);

    assert_full(visit);
    assert_true(sealed_by(&visit, test->ring, test->server));
    const struct tls_call again = {.server_name = "a.example",
                                   .session = visit.session,
                                   .server = switched_before_its_handshake(test, other)};
    assert_resumed(tls_visit(test, test->server, &again));
}

/* ---- what the program sets in our places ---- */

static int allow_all(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                     void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
    return 1;
}

static unsigned asked;

static int count_and_allow(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                           void *other, void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other;
    asked += ex == &asked;
    return 1;
}

static int refuse_tickets(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                          void *other, void *ex)
{
    (void)ssl, (void)ctx, (void)bits, (void)nid, (void)other, (void)ex;
    return op != SSL_SECOP_TICKET;
}

static char programs_own;

static size_t pad_nothing(SSL *ssl, int type, size_t len, void *arg)
{
    (void)ssl, (void)type, (void)len;
    return arg == &programs_own ? 0 : 1;
}

static void pad_records(SSL_CTX *server)
{
    SSL_CTX_set_record_padding_callback(server, pad_nothing);
    SSL_CTX_set_record_padding_callback_arg(server, &programs_own);
}

static void a_program_may_replace_the_security_callback(void **state)
{
    struct tls_test *test = *state;

    SSL_CTX_set_security_callback(test->server, allow_all);
    assert_ring_serves(test);
}

static void a_program_may_pad_records(void **state)
{
    struct tls_test *test = *state;

    pad_records(test->server);
    assert_ring_serves(test);
}

static void a_program_that_pads_records_may_switch_contexts(void **state)
{
    struct tls_test *test = *state;

    pad_records(test->server);
    SSL_CTX_set_client_hello_cb(test->server, switch_in_client_hello, other_server(test));
    assert_ring_serves(test);
}

static void the_padding_argument_of_a_program_stays_its_own(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    pad_records(server);
    tls_attach(test, server, NULL);
    assert_ptr_equal(SSL_CTX_get_record_padding_callback_arg(server), &programs_own);
    const struct tls_visit visit = tls_visit(test, server, &as_a);
    assert_full(visit);
    assert_true(sealed_by(&visit, test->ring, server));
}

static void a_duplicate_in_a_program_that_pads_records_has_the_ring_of_its_own_context(void **state)
{
    struct tls_test *test = *state;
    struct stek_ring *others = tls_ring_new(NULL);
    SSL_CTX *other = tls_server_for(test, "b.example");

    pad_records(test->server);
    pad_records(other);
    tls_attach_to(test, other, others, NULL);
    SSL *server = SSL_new(test->server);
    assert_ptr_equal(SSL_set_SSL_CTX(server, other), other);
    SSL *duplicate = SSL_dup(server);
    SSL_free(server);
    const struct tls_visit visit = tls_visit(test, other, &(struct tls_call){.server = duplicate});
    assert_full(visit);
    assert_true(sealed_by(&visit, others, other));
    stek_ring_free(others);
}

static void the_security_callback_of_before_is_asked_with_its_own_data(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    SSL_CTX_set_security_callback(server, count_and_allow);
    SSL_CTX_set0_security_ex_data(server, &asked);
    tls_attach(test, server, NULL);
    asked = 0;
    assert_full(tls_visit(test, server, &as_a));
    assert_int_not_equal(asked, 0);
}

static void what_the_security_callback_of_before_says_counts(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    SSL_CTX_set_security_callback(server, refuse_tickets);
    tls_attach(test, server, NULL);
    const struct tls_visit visit = tls_visit(test, server, &as_a);
    assert_full(visit);
    assert_true(visit.ticket_count == 0 || tls_is_13(test));
    assert_ring_serves(test); /* beside it, a server that has libssl's default */
}

/* OpenSSL 1.1.1 by itself ends the second handshake of a cleared SSL in TLS 1.3 with an alert. */
static void an_ssl_that_was_cleared_has_the_ring_again(void **state)
{
    struct tls_test *test = *state;

    if (tls_is_13(test) && OPENSSL_VERSION_NUMBER < 0x30000000L)
        skip();
    SSL *server = SSL_new(test->server);
    assert_int_equal(SSL_up_ref(server), 1);
    assert_full(tls_visit(test, test->server, &(struct tls_call){.server = server}));
    SSL_set_SSL_CTX(server, other_server(test));
    assert_int_equal(SSL_clear(server), 1);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server = server});
    assert_full(visit);
    assert_true(sealed_by(&visit, test->ring, test->server));
}

/* ---- when a connection leads nowhere ---- */

static void hide_the_ring(SSL_CTX *server)
{
    SSL_CTX_set_security_callback(server, allow_all);
    pad_records(server);
}

static void where_a_connection_leads_nowhere_libssls_own_keys_serve(void **state)
{
    struct tls_test *test = *state;

    hide_the_ring(test->server);
    assert_full(tls_visit(test, test->server, &as_a)); /* at worst without a ticket */
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_false(sealed_by(&visit, test->ring, test->server));
    assert_resumed(tls_come_back(test, visit.session));
}

static void where_a_connection_leads_nowhere_the_watcher_is_told_once(void **state)
{
    struct tls_test *test = *state;

    hide_the_ring(test->server);
    misses = 0;
    stek_attachment_watch(count_miss);
    assert_full(tls_visit(test, test->server, &as_a));
    assert_full(tls_visit(test, test->server, &as_a));
    stek_attachment_watch(NULL);
    assert_int_equal(misses, 1);
}

static void where_connections_lead_to_the_ring_the_watcher_is_not_told(void **state)
{
    struct tls_test *test = *state;

    misses = 0;
    stek_attachment_watch(count_miss);
    assert_ring_serves(test);
    stek_attachment_watch(NULL);
    assert_int_equal(misses, 0);
}

/* ---- others' places in ex_data ---- */

/* FreeRADIUS uses indexes 1 and 10 to 16 of an SSL without having asked for them. */
static void low_ex_data_indexes_of_an_ssl_are_left_alone(void **state)
{
    struct tls_test *test = *state;
    SSL *server = SSL_new(test->server);

    pad_records(test->server);
    assert_int_equal(SSL_up_ref(server), 1);
    for (int i = 1; i < 32; i++)
        assert_int_equal(SSL_set_ex_data(server, i, &programs_own), 1);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server = server});
    assert_full(visit);
    assert_true(sealed_by(&visit, test->ring, test->server));
    for (int i = 1; i < 32; i++)
        assert_ptr_equal(SSL_get_ex_data(server, i), &programs_own);
    SSL_free(server);
}

static void what_others_write_into_all_places_is_not_followed(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = SSL_CTX_new(TLS_method());

    tls_server_add_cert(server, &(struct tls_cert_wish){.alternatives = "DNS:a.example"});
    tls_attach(test, server, NULL);
    hide_the_ring(server);
    for (int i = 1; i < 64; i++)
        assert_int_equal(SSL_CTX_set_ex_data(server, i, &programs_own), 1);
    SSL *ssl = SSL_new(server);
    for (int i = 1; i < 64; i++)
        assert_int_equal(SSL_set_ex_data(ssl, i, &programs_own), 1);
    assert_full(tls_visit(test, server, &(struct tls_call){.server = ssl}));
    SSL_CTX_free(server);
    assert_int_equal(atomic_load(&test->ring->holds), 2); /* this one's hold was given back */
}

static void slots_of_freed_contexts_serve_again(void **state)
{
    struct tls_test *test = *state;
    const struct stek_attachment *first = NULL;

    for (int i = 0; i < 100; i++) {
        SSL_CTX *server = SSL_CTX_new(TLS_method());
        tls_attach(test, server, NULL);
        if (i == 0)
            first = stek_attachment_of(server);
        assert_ptr_equal(stek_attachment_of(server), first);
        SSL_CTX_free(server);
    }
}

static void many_contexts_at_once_are_told_apart(void **state)
{
    struct tls_test *test = *state;
    enum { MANY = 1000 };
    SSL_CTX **servers = calloc(MANY, sizeof(SSL_CTX *));

    assert_non_null(servers);
    for (size_t i = 0; i < MANY; i++) {
        servers[i] = SSL_CTX_new(TLS_method());
        tls_attach(test, servers[i], NULL);
    }
    for (size_t i = 0; i < MANY; i++) {
        SSL *ssl = SSL_new(servers[i]);
        assert_ptr_equal(stek_attachment_get0(ssl), stek_attachment_of(servers[i]));
        assert_ptr_equal(stek_attachment_of(servers[i])->ctx, servers[i]);
        SSL_free(ssl);
    }
    for (size_t i = 0; i < MANY; i++)
        SSL_CTX_free(servers[i]);
    free(servers);
}

int main(void)
{
    static const struct tls_behaviour meeting[] = {
        TLS_BEHAVIOUR(a_client_hello_callback_may_switch_contexts, TLS_ALL),
        TLS_BEHAVIOUR(a_server_name_callback_may_switch_contexts, TLS_ALL),
        TLS_BEHAVIOUR(the_context_may_be_switched_before_the_handshake, TLS_ALL),
        TLS_BEHAVIOUR(a_program_may_replace_the_security_callback, TLS_ALL),
        TLS_BEHAVIOUR(a_program_may_pad_records, TLS_ALL),
        TLS_BEHAVIOUR(a_program_that_pads_records_may_switch_contexts, TLS_ALL),
        TLS_BEHAVIOUR(the_padding_argument_of_a_program_stays_its_own, TLS_ALL),
        TLS_BEHAVIOUR(a_duplicate_in_a_program_that_pads_records_has_the_ring_of_its_own_context,
                      TLS_ANY),
        TLS_BEHAVIOUR(the_security_callback_of_before_is_asked_with_its_own_data, TLS_ANY),
        TLS_BEHAVIOUR(what_the_security_callback_of_before_says_counts, TLS_ANY),
        TLS_BEHAVIOUR(an_ssl_that_was_cleared_has_the_ring_again, TLS_ANY),
        TLS_BEHAVIOUR(where_a_connection_leads_nowhere_libssls_own_keys_serve, TLS_ALL),
        TLS_BEHAVIOUR(where_a_connection_leads_nowhere_the_watcher_is_told_once, TLS_ALL),
        TLS_BEHAVIOUR(where_connections_lead_to_the_ring_the_watcher_is_not_told, TLS_ALL),
        TLS_BEHAVIOUR(low_ex_data_indexes_of_an_ssl_are_left_alone, TLS_ANY),
        TLS_BEHAVIOUR(what_others_write_into_all_places_is_not_followed, TLS_ONCE),
        TLS_BEHAVIOUR(slots_of_freed_contexts_serve_again, TLS_ONCE),
        TLS_BEHAVIOUR(many_contexts_at_once_are_told_apart, TLS_ONCE),
    };

    return TLS_RUN(meeting);
}
