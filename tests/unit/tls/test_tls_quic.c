/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of OpenSSL's own QUIC server. libssl shows it as two SSLs: the program's, which the key
 * and the generate callback get, and one inside it, which the decrypt callback gets.
 */
#include "tls_tickets.h"

#include "tls_quic.h"

#if TLS_HAVE_QUIC_SERVER

#include <string.h>

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

static const struct tls_call as_a = {.server_name = "a.example"};

/* The clock of the visit moves with QUIC's timers. */
struct quic {
    struct tls_test *test;
    SSL_CTX *client;
    SSL_CTX *server;
};

static struct quic quic_of(struct tls_test *test)
{
    struct quic quic = {test, tls_quic_client(), tls_quic_server()};

    assert_true(quic.client != NULL && quic.server != NULL);
    test->servers[test->server_count++] = quic.client; /* freed when the test ends */
    test->servers[test->server_count++] = quic.server;
    tls_server_add_cert(quic.server, &(struct tls_cert_wish){.alternatives = "DNS:a.example"});
    (void)SSL_CTX_set_timeout(quic.server, 7 * DAY_S);
    tls_attach(test, quic.server, NULL);
    return quic;
}

static struct tls_visit visit(const struct quic *quic, SSL_SESSION *session)
{
    const struct tls_call call = {.server_name = as_a.server_name, .session = session};
    struct tls_visit visit;

    tls_quic_talk(quic->client, quic->server, &call, &visit);
    if (visit.session != NULL)
        (void)tls_keep(quic->test, visit.session);
    return visit;
}

static bool sealed_by_ring(const struct quic *quic, const struct tls_visit *visit)
{
    const struct stek_ticket_key key = tls_active_key(quic->test->ring, quic->server);

    return visit->ticket_count > 0 &&
           memcmp(visit->tickets[0].name, key.name, sizeof key.name) == 0;
}

static void its_tickets_are_of_the_ring_and_resume(void **state)
{
    const struct quic quic = quic_of(*state);
    const struct tls_visit first = visit(&quic, NULL);

    assert_full(first);
    assert_true(sealed_by_ring(&quic, &first));
    assert_resumed(visit(&quic, first.session));
}

/* As in TLS 1.3, where a ticket is for one use. */
static void a_resumption_gives_a_new_ticket_each_time(void **state)
{
    const struct quic quic = quic_of(*state);
    struct tls_visit last = visit(&quic, NULL);

    for (int i = 0; i < 3; i++) {
        last = visit(&quic, last.session);
        assert_resumed(last);
        assert_int_equal(last.ticket_count, 1);
        assert_true(sealed_by_ring(&quic, &last));
    }
}

static void a_ticket_of_an_older_key_resumes_and_is_replaced(void **state)
{
    const struct quic quic = quic_of(*state);
    const struct tls_visit first = visit(&quic, NULL);

    tls_clock_pass(HOUR_S + 60);
    const struct tls_visit second = visit(&quic, first.session);
    assert_resumed(second);
    assert_true(sealed_by_ring(&quic, &second));
    assert_false(tls_same_key(first.session, second.session));
}

static void a_chain_ends_at_the_limit_of_its_age(void **state)
{
    const struct quic quic = quic_of(*state);
    struct tls_visit last = visit(&quic, NULL);

    for (int hours = 6; hours < 24; hours += 6) {
        tls_clock_pass(6 * HOUR_S - 60);
        last = visit(&quic, last.session);
        assert_resumed(last);
    }
    tls_clock_pass(7 * HOUR_S);
    assert_full(visit(&quic, last.session));
}

static void the_lifetime_is_no_longer_than_that_of_the_chain(void **state)
{
    const struct quic quic = quic_of(*state);
    struct tls_visit last = visit(&quic, NULL);

    for (int hours = 0; hours < 20; hours += 10) {
        tls_clock_pass(10 * HOUR_S);
        last = visit(&quic, last.session);
        assert_resumed(last);
    }
    assert_between(last.tickets[0].lifetime_s, 1, 4 * HOUR_S);
}

static void a_ticket_of_another_name_does_not_resume(void **state)
{
    const struct quic quic = quic_of(*state);
    const struct tls_visit first = visit(&quic, NULL);
    struct tls_visit other;

    tls_quic_talk(quic.client, quic.server,
                  &(struct tls_call){.server_name = "b.example", .session = first.session}, &other);
    if (other.session != NULL)
        (void)tls_keep(quic.test, other.session);
    assert_full(other);
}

static size_t pad_nothing(SSL *ssl, int type, size_t len, void *arg)
{
    (void)ssl, (void)type, (void)len, (void)arg;
    return 0;
}

/* Then a connection leads to its ring by a note on the program's SSL, which the inner one lacks. */
static void it_works_in_a_program_that_pads_records(void **state)
{
    static char programs_own;
    const struct quic quic = quic_of(*state);

    SSL_CTX_set_record_padding_callback(quic.server, pad_nothing);
    SSL_CTX_set_record_padding_callback_arg(quic.server, &programs_own);
    const struct tls_visit first = visit(&quic, NULL);
    assert_full(first);
    assert_true(sealed_by_ring(&quic, &first));
    const struct tls_visit second = visit(&quic, first.session);
    assert_resumed(second);
    assert_int_equal(second.ticket_count, 1);
}

static void quic_and_tls_of_one_name_have_the_same_keys(void **state)
{
    const struct quic quic = quic_of(*state);
    const struct tls_visit over_quic = visit(&quic, NULL);
    SSL_SESSION *over_tls = tls_get_ticket(quic.test);

    assert_true(tls_same_key(over_quic.session, over_tls));
}

int main(void)
{
    static const struct tls_behaviour quic[] = {
        TLS_BEHAVIOUR(its_tickets_are_of_the_ring_and_resume, TLS13),
        TLS_BEHAVIOUR(a_resumption_gives_a_new_ticket_each_time, TLS13),
        TLS_BEHAVIOUR(a_ticket_of_an_older_key_resumes_and_is_replaced, TLS13),
        TLS_BEHAVIOUR(a_chain_ends_at_the_limit_of_its_age, TLS13),
        TLS_BEHAVIOUR(the_lifetime_is_no_longer_than_that_of_the_chain, TLS13),
        TLS_BEHAVIOUR(a_ticket_of_another_name_does_not_resume, TLS13),
        TLS_BEHAVIOUR(it_works_in_a_program_that_pads_records, TLS13),
        TLS_BEHAVIOUR(quic_and_tls_of_one_name_have_the_same_keys, TLS13),
    };

    return TLS_RUN(quic);
}

#else

static void openssl_before_3_5_has_no_quic_server(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    static const struct CMUnitTest none[] = {
        cmocka_unit_test(openssl_before_3_5_has_no_quic_server),
    };

    return cmocka_run_group_tests(none, NULL, NULL);
}

#endif
