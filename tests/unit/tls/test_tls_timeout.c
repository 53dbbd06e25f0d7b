/* SPDX-License-Identifier: Apache-2.0 */
/* What a ticket promises: no longer than its key opens, than its chain has left, and than the
 * program says. */
#include "tls_spy.h"
#include "tls_tickets.h"

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
    KEY_S = 13 * HOUR_S /* seals for one, opens for 12 more */
};

static int64_t began; /* the latest first visit */

/* Timeouts count from the session's time, which only TLS 1.3 renews. */
static int64_t age_s(const struct tls_test *test, const struct tls_visit *visit)
{
    return visit->resumed && !tls_is_13(test) ? tls_clock_now() - began : 0;
}

/* The timeout in the ticket, and what the client was told; a TLS 1.2 client that resumes is told
 * nothing, 0. */
static void assert_promises(struct tls_test *test, struct tls_visit visit, int64_t promised_s)
{
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    assert_true(visit.done);
    assert_true(visit.ticket_count > 0);
    assert_int_equal(tls_ticket_timeout_s(visit.session, &key), promised_s + age_s(test, &visit));
    for (size_t i = 0; i < visit.ticket_count; i++)
        assert_int_equal(visit.tickets[i].lifetime_s,
                         visit.resumed && !tls_is_13(test) ? 0 : promised_s);
}

static struct tls_visit first_visit(struct tls_test *test)
{
    began = tls_clock_now();
    const struct tls_visit visit = tls_come_back(test, NULL);

    assert_full(visit);
    return visit;
}

static void a_ticket_promises_no_longer_than_its_key_opens(void **state)
{
    struct tls_test *test = *state;

    assert_promises(test, first_visit(test), KEY_S);
    tls_clock_pass(10 * MINUTE_S);
    assert_promises(test, first_visit(test), KEY_S - 10 * MINUTE_S);
    tls_clock_pass(50 * MINUTE_S - 1);
    assert_promises(test, first_visit(test), KEY_S - HOUR_S + 1);
}

static void a_ticket_promises_no_longer_than_its_chain_has_left(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {.max_session_age_s = 2 * HOUR_S};

    tls_use_policy(test, &policy);
    const struct tls_visit visit = first_visit(test);
    assert_promises(test, visit, 2 * HOUR_S);
    tls_clock_pass(HOUR_S + 10 * MINUTE_S);
    assert_promises(test, tls_come_back(test, visit.session), 50 * MINUTE_S);
}

static void a_ticket_promises_no_longer_than_the_program_says(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_timeout(test->server, 5 * MINUTE_S);
    assert_promises(test, first_visit(test), 5 * MINUTE_S);
}

static void a_ticket_promises_no_longer_than_seven_days(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {
        .rotate_s = 7 * DAY_S, .accept_s = 7 * DAY_S, .max_session_age_s = 30 * DAY_S};

    (void)SSL_CTX_set_timeout(test->server, 30 * DAY_S);
    tls_use_policy(test, &policy);
    assert_promises(test, first_visit(test), 7 * DAY_S);
}

static void a_session_that_resumes_is_promised_as_much_as_a_new_one(void **state)
{
    struct tls_test *test = *state;

    (void)first_visit(test);
    tls_clock_pass(HOUR_S - MINUTE_S);
    const struct tls_visit visit = first_visit(test);
    assert_promises(test, visit, KEY_S - HOUR_S + MINUTE_S);
    tls_clock_pass(MINUTE_S);
    const struct tls_visit second = tls_come_back(test, visit.session);
    assert_resumed(second);
    assert_promises(test, second, KEY_S);
}

static void what_was_promised_at_a_renewal_is_kept_to_the_last_second(void **state)
{
    struct tls_test *test = *state;
    const struct tls_visit visit = first_visit(test);

    tls_clock_pass(HOUR_S);
    const struct tls_visit second = tls_come_back(test, visit.session);
    assert_resumed(second);
    tls_clock_pass(KEY_S - 1);
    assert_resumed(tls_come_back(test, second.session));
}

static void the_programs_own_timeout_begins_again_at_a_renewal(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_timeout(test->server, 2 * HOUR_S);
    const struct tls_visit visit = first_visit(test);
    tls_clock_pass(HOUR_S);
    const struct tls_visit second = tls_come_back(test, visit.session);
    assert_resumed(second);
    tls_clock_pass(2 * HOUR_S - 1);
    assert_resumed(tls_come_back(test, second.session));
}

static void before_tls13_the_programs_timeout_counts_from_the_full_handshake(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_timeout(test->server, 2 * HOUR_S);
    const struct tls_visit visit = first_visit(test);
    tls_clock_pass(HOUR_S);
    const struct tls_visit second = tls_come_back(test, visit.session);
    assert_resumed(second);
    tls_clock_pass(HOUR_S + 1);
    assert_full(tls_come_back(test, second.session));
}

/* As libssl does, which knows no other timeout than the one in the session. */
static void what_the_program_gave_a_session_counts_after_the_program_gives_more(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_timeout(test->server, 2 * HOUR_S);
    const struct tls_visit visit = first_visit(test);
    (void)SSL_CTX_set_timeout(test->server, 12 * HOUR_S);
    tls_clock_pass(HOUR_S);
    const struct tls_visit second = tls_come_back(test, visit.session);
    assert_resumed(second);
    assert_promises(test, second, 2 * HOUR_S - age_s(test, &second));
}

/* Names are shared; how long sessions last is each SSL_CTX's own. */
static void a_ticket_from_elsewhere_lasts_no_longer_than_sessions_do_here(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "a.example");

    tls_attach(test, other, NULL);
    (void)SSL_CTX_set_timeout(test->server, 2 * HOUR_S);
    (void)SSL_CTX_set_timeout(other, HOUR_S);
    const struct tls_visit visit = first_visit(test);
    const struct tls_call call = {.server_name = "a.example", .session = visit.session};
    tls_clock_pass(HOUR_S);
    assert_resumed(tls_visit(test, other, &call));
    tls_clock_pass(1);
    assert_full(tls_visit(test, other, &call));
    assert_resumed(tls_visit(test, test->server, &call));
}

static void in_the_last_second_of_its_chain_a_ticket_promises_one_second(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {.max_session_age_s = 2 * HOUR_S};

    tls_use_policy(test, &policy);
    const struct tls_visit visit = first_visit(test);
    tls_clock_pass(2 * HOUR_S - 1);
    const struct tls_visit last = tls_come_back(test, visit.session);
    assert_resumed(last);
    assert_promises(test, last, 1);
}

/* libssl reads a finer clock than stek where a second begins. */
static void a_handshake_in_the_last_second_survives_a_clock_of_libssl_that_is_ahead(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {.max_session_age_s = 2 * HOUR_S};

    tls_use_policy(test, &policy);
    const struct tls_visit visit = first_visit(test);
    tls_clock_pass(2 * HOUR_S);
    tls_clock_delay_rings(1);
    const struct tls_visit last = tls_come_back(test, visit.session);
    tls_clock_delay_rings(0);
    assert_true(last.done);
    assert_true(last.ticket_count > 0);
}

/* As above, where the chain is so short that its first second is its last. */
static void a_first_handshake_survives_it_too(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {.max_session_age_s = 1};

    tls_use_policy(test, &policy);
    tls_clock_delay_rings(1);
    const struct tls_visit visit = tls_come_back(test, NULL);
    tls_clock_delay_rings(0);
    assert_true(visit.done);
    assert_true(visit.ticket_count > 0);
}

#if OPENSSL_VERSION_NUMBER < 0x30000000L
/* OpenSSL 1.1.1 sends tickets with a handshake only: the test is skipped there. */
#define SSL_new_session_ticket(ssl) ((void)(ssl), 0)
#endif

/* Asks for one more ticket on a connection of this age; the client is gone by then, and is not
 * written to before the ticket is sealed. Returns what SSL_do_handshake(3) does. */
static int ask_again_after(struct tls_test *test, int64_t age_s)
{
    SSL *server = SSL_new(test->server);

    assert_int_equal(SSL_up_ref(server), 1);
    assert_full(tls_visit(test, test->server, &(struct tls_call){.server = server}));
    tls_clock_pass(age_s);
    SSL_set_msg_callback(server, NULL);
    assert_int_equal(SSL_new_session_ticket(server), 1);
    const int result = SSL_do_handshake(server);
    SSL_free(server);
    return result;
}

/* A connection may outlive its chain, and then a ticket may be asked for:
 * SSL_new_session_ticket(3). */
static void
where_nothing_is_left_to_promise_there_is_no_ticket_and_the_connection_goes_on(void **state)
{
    struct tls_test *test = *state;

    if (OPENSSL_VERSION_NUMBER < 0x30000000L)
        skip();
    tls_spy_place(test, test->server);
    (void)ask_again_after(test, DAY_S - 1);
    assert_int_equal(tls_spy.last, 1);
    const int result = ask_again_after(test, DAY_S);
    assert_int_equal(tls_spy.last, 0);
    assert_int_equal(result, 1);
}

int main(void)
{
    static const struct tls_behaviour promises[] = {
        TLS_BEHAVIOUR(a_ticket_promises_no_longer_than_its_key_opens, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_promises_no_longer_than_its_chain_has_left, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_promises_no_longer_than_the_program_says, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_promises_no_longer_than_seven_days, TLS_ALL),
        TLS_BEHAVIOUR(a_session_that_resumes_is_promised_as_much_as_a_new_one, TLS_ALL),
        TLS_BEHAVIOUR(what_was_promised_at_a_renewal_is_kept_to_the_last_second, TLS_ALL),
        TLS_BEHAVIOUR(the_programs_own_timeout_begins_again_at_a_renewal, TLS13),
        TLS_BEHAVIOUR(before_tls13_the_programs_timeout_counts_from_the_full_handshake,
                      TLS_BEFORE_13),
        TLS_BEHAVIOUR(what_the_program_gave_a_session_counts_after_the_program_gives_more, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_from_elsewhere_lasts_no_longer_than_sessions_do_here, TLS_ALL),
        TLS_BEHAVIOUR(in_the_last_second_of_its_chain_a_ticket_promises_one_second, TLS_ALL),
        TLS_BEHAVIOUR(a_handshake_in_the_last_second_survives_a_clock_of_libssl_that_is_ahead,
                      TLS_ALL),
        TLS_BEHAVIOUR(a_first_handshake_survives_it_too, TLS_ALL),
        TLS_BEHAVIOUR(
            where_nothing_is_left_to_promise_there_is_no_ticket_and_the_connection_goes_on, TLS13),
    };

    return TLS_RUN(promises);
}
