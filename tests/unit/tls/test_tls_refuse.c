/* SPDX-License-Identifier: Apache-2.0 */
/* How there is no ticket, also on a libssl that in TLS 1.3 cannot do without (tls/ossl.h). */
#include "bad_rand.h"
#include "tls_spy.h"

#include "tls/attachment.h"
#include "tls/refuse.h"

#include <string.h>

static const struct tls_call as_a = {.server_name = "a.example"};

static void generator_fails(void)
{
    bad_rand_install(BAD_RAND_FAILS);
}

/* The ring has no keys yet, and gets none: this visit's ticket is refused, and no other one's. */
static struct tls_visit visit_without_keys(struct tls_test *test)
{
    tls_spy_place(test, test->server);
    tls_spy.before = generator_fails;
    tls_spy.after = bad_rand_restore;
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    tls_spy.before = NULL;
    tls_spy.after = NULL;
    assert_full(visit);
    tls_assert_no_ticket(test, &visit);
    return visit;
}

static void what_came_in_the_place_of_a_ticket_resumes_nothing(void **state)
{
    struct tls_test *test = *state;
    const struct tls_visit visit = visit_without_keys(test);

    assert_full(tls_come_back(test, visit.session));
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_full(tls_come_back(test, visit.session));
}

/* Keys of one ticket only: neither name nor IV comes again, on this connection or another. */
static void nothing_in_it_comes_again(void **state)
{
    struct tls_test *test = *state;
    const struct tls_visit visits[] = {visit_without_keys(test), visit_without_keys(test)};
    const struct tls_ticket *seen[2 * TLS_TICKETS_SEEN_MAX];
    size_t count = 0;

    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < visits[i].ticket_count; j++)
            seen[count++] = &visits[i].tickets[j];
    assert_int_equal(count, stek_ossl_takes_no_ticket() ? 0 : 4);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(seen[i]->name, seen[j]->name, sizeof seen[i]->name);
            assert_memory_not_equal(seen[i]->iv, seen[j]->iv, sizeof seen[i]->iv);
        }
}

static void a_server_that_shall_give_no_tickets_gives_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    stek_refuse_tickets(server);
    assert_int_equal(SSL_CTX_set_num_tickets(server, 2), 1); /* as a new SSL_CTX gets it last */
    const struct tls_visit visit = tls_visit(test, server, &as_a);
    assert_full(visit);
    assert_int_equal(visit.ticket_count, 0);
    assert_null(visit.session);
}

static int allow_all(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                     void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
    return 1;
}

static void under_a_security_callback_of_the_programs_they_resume_nothing(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    stek_refuse_tickets(server);
    SSL_CTX_set_security_callback(server, allow_all);
    const struct tls_visit visit = tls_visit(test, server, &as_a);
    assert_full(visit);
    tls_assert_no_ticket(test, &visit);
    assert_full(tls_visit(
        test, server, &(struct tls_call){.server_name = "a.example", .session = visit.session}));
}

/* Connections lead to a ring by the padding argument and the security callback (tls/meet.h). */
static void hide_the_ring(SSL_CTX *server)
{
    static char programs_own;

    SSL_CTX_set_security_callback(server, allow_all);
    SSL_CTX_set_record_padding_callback_arg(server, &programs_own);
}

static void after_a_connection_that_led_nowhere_there_are_none_either(void **state)
{
    struct tls_test *test = *state;

    hide_the_ring(test->server);
    stek_attachment_when_missed(stek_refuse_tickets);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    const struct tls_visit second = tls_visit(test, test->server, &as_a);
    stek_attachment_when_missed(NULL);
    assert_full(first);
    tls_assert_no_ticket(test, &first);
    assert_full(second);
    assert_int_equal(second.ticket_count, 0);
    assert_null(second.session);
}

int main(void)
{
    static const struct tls_behaviour refusals[] = {
        TLS_BEHAVIOUR(what_came_in_the_place_of_a_ticket_resumes_nothing, TLS_ALL),
        TLS_BEHAVIOUR(nothing_in_it_comes_again, TLS13),
        TLS_BEHAVIOUR(a_server_that_shall_give_no_tickets_gives_none, TLS_ALL),
        TLS_BEHAVIOUR(under_a_security_callback_of_the_programs_they_resume_nothing, TLS_ALL),
        TLS_BEHAVIOUR(after_a_connection_that_led_nowhere_there_are_none_either, TLS_ALL),
    };

    return TLS_RUN(refusals);
}
