/* SPDX-License-Identifier: Apache-2.0 */
/* Which tickets open, and which are replaced. */
#include "bad_crypto.h"
#include "bad_rand.h"
#include "tls_spy.h"
#include "tls_tickets.h"

#include "ringfile/key_cache.h"
#include "tls/ossl.h"

#include <string.h>

enum { ROTATE_S = 3600, ACCEPT_S = 12 * 3600, FORGED_MAX = 4096 };

/* A client's clock is its own: a step of the server's leaves a session as old as it was. */
static SSL_SESSION *as_young_as_ever(SSL_SESSION *session)
{
    stek_ossl_session_set_time(session, (int64_t)tls_clock_now());
    return session;
}

static void a_ticket_opens_where_it_was_sealed(void **state)
{
    struct tls_test *test = *state;

    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

static void an_unknown_name_makes_a_full_handshake_and_a_new_ticket(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_use_policy(test, NULL);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_false(tls_same_key(visit.session, session));
    assert_resumed(tls_come_back(test, visit.session));
}

static void each_resumption_gives_exactly_one_new_ticket(void **state)
{
    struct tls_test *test = *state;

    for (size_t num_tickets = 1; num_tickets < 5; num_tickets++) {
        assert_int_equal(SSL_CTX_set_num_tickets(test->server, num_tickets), 1);
        SSL_SESSION *session = tls_get_ticket(test);
        for (int i = 0; i < 3; i++) {
            const struct tls_visit visit = tls_come_back(test, session);
            assert_resumed(visit);
            assert_int_equal(visit.ticket_count, 1);
            session = visit.session;
        }
    }
}

static void a_ticket_stays_as_long_as_its_key_seals(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(ROTATE_S - 1);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    assert_int_equal(visit.ticket_count, 0);
}

static void a_ticket_is_replaced_once_a_newer_key_seals(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(ROTATE_S);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    assert_int_equal(visit.ticket_count, 1);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);
    assert_memory_equal(visit.tickets[0].name, key.name, sizeof key.name);
    assert_false(tls_same_key(visit.session, session));
    assert_resumed(tls_come_back(test, visit.session));
}

/* The record that sealed is pending again, after the clock has stepped back behind its start. */
static struct tls_visit come_back_before_the_key_seals(struct tls_test *test)
{
    (void)tls_get_ticket(test);
    tls_clock_pass(ROTATE_S);
    SSL_SESSION *session = tls_get_ticket(test);
    tls_clock_pass(-1);
    return tls_come_back(test, as_young_as_ever(session));
}

static void a_ticket_of_a_pending_key_opens(void **state)
{
    assert_resumed(come_back_before_the_key_seals(*state));
}

static void a_ticket_of_a_pending_key_is_not_renewed_onto_an_older_one(void **state)
{
    const struct tls_visit visit = come_back_before_the_key_seals(*state);

    assert_resumed(visit);
    assert_int_equal(visit.ticket_count, 0);
}

static void a_ticket_opens_until_the_last_second_that_its_key_is_accepted(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(ROTATE_S + ACCEPT_S - 1);
    assert_resumed(tls_come_back(test, session));
}

static void a_retired_keys_name_is_unknown(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(ROTATE_S + ACCEPT_S);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
}

/* A name and keys of zeros: what a ring without keys would have if it were careless. */
static void a_ticket_under_a_key_of_zeros_is_unknown(void **state)
{
    static const struct stek_ticket_key zeros;
    static const uint8_t iv[16];
    struct tls_test *test = *state;
    struct tls_state sealed;
    uint8_t forged[FORGED_MAX];
    SSL_SESSION *session = tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    tls_ticket_open(session, &key, &sealed);
    const size_t len = tls_ticket_seal(&sealed, &zeros, iv, forged);
    assert_full(tls_come_back(test, tls_with_ticket(test, session, forged, len)));
    tls_use_policy(test, NULL);
    assert_full(tls_come_back(test, tls_with_ticket(test, session, forged, len)));
}

/* The control of the test above: forged with the right key, it opens. */
static void a_ticket_that_another_implementation_seals_with_the_key_opens(void **state)
{
    static const uint8_t iv[] = "sixteen bytes iv";
    struct tls_test *test = *state;
    struct tls_state sealed;
    uint8_t forged[FORGED_MAX];
    SSL_SESSION *session = tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    tls_ticket_open(session, &key, &sealed);
    const size_t len = tls_ticket_seal(&sealed, &key, iv, forged);
    assert_resumed(tls_come_back(test, tls_with_ticket(test, session, forged, len)));
}

/* Nor has an empty place in a cache a name, at any time: before 1970, even its accept_until lies
 * ahead. */
static void an_empty_place_has_no_name_not_even_one_of_zeros(void **state)
{
    static const uint8_t zeros[STEK_NAME_LEN];
    static uint64_t memory[1024];
    const struct stek_key_cache cache = {(struct stek_key_cache_memory *)(void *)memory, 1};
    const struct stek_keyset set = {
        .head = {.generation = 1, .valid_from = INT64_MIN, .valid_until = INT64_MAX, .count = 1}};
    struct stek_ticket_key key;
    enum stek_choice choice;

    (void)state;
    assert_true(stek_key_cache_size(1) <= sizeof memory);
    assert_true(stek_key_cache_publish(&cache, &set));
    for (int64_t now = -1; now <= 1; now++) {
        assert_int_equal(stek_key_cache_open(&cache, (struct stek_moment){1, now, NULL}, zeros,
                                             true, &choice, &key),
                         STEK_CELL_NO_KEY);
        assert_int_equal(stek_keyset_open(&set, zeros, true, now, &key), STEK_CHOICE_UNKNOWN);
    }
}

static unsigned draws_that_failed;

/* For records: an IV that is drawn meanwhile is none of this test. */
static void generator_fails(void)
{
    bad_rand_install_for(BAD_RAND_FAILS, sizeof(struct stek_secret32));
}

static void generator_is_back(void)
{
    draws_that_failed += bad_rand_draws();
    bad_rand_leave();
}

static void come_back_while_the_generator_fails(struct tls_test *test, bool opens)
{
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(opens ? ROTATE_S : ROTATE_S + ACCEPT_S);
    tls_spy_place(test, test->server);
    draws_that_failed = 0;
    tls_spy.before = generator_fails;
    tls_spy.after = generator_is_back;
    if (opens)
        assert_resumed(tls_come_back(test, session));
    else
        assert_full(tls_come_back(test, session));
    assert_int_not_equal(draws_that_failed, 0);
}

/* The ring rotates, but gets no fresh record. */
static void what_goes_wrong_while_opening_does_not_stand_in_the_error_queue(void **state)
{
    come_back_while_the_generator_fails(*state, true);
    come_back_while_the_generator_fails(*state, false);
}

static void nor_does_what_keeps_a_ticket_from_opening(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_skip_if_a_ticket_must_be(test);
    tls_clock_pass(ROTATE_S + ACCEPT_S);
    tls_spy_place(test, test->server);
    tls_spy.before = bad_crypto_begin;
    tls_spy.after = bad_crypto_leave;
    assert_full(tls_come_back(test, session));
}

static void without_libcryptos_help_no_ticket_opens_and_the_handshake_goes_on(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_skip_if_a_ticket_must_be(test);
    tls_spy_place(test, test->server);
    tls_spy.before = bad_crypto_begin;
    tls_spy.after = bad_crypto_end;
    const struct tls_visit visit = tls_come_back(test, session);
    assert_true(visit.done);
    assert_int_equal(visit.alerts, 0);
    assert_int_equal(tls_spy.opens, 1);
    assert_int_equal(tls_spy.negatives, 0);
}

/* The client guesses a key share that the server does not take, and says hello a second time. */
static void a_ticket_opens_after_a_hello_retry_request(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    assert_int_equal(SSL_CTX_set1_groups_list(test->client, "P-256:P-384"), 1);
    assert_int_equal(SSL_CTX_set1_groups_list(test->server, "P-384"), 1);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    assert_int_equal(visit.ticket_count, 1);
}

int main(void)
{
    static const struct tls_behaviour opening[] = {
        TLS_BEHAVIOUR(a_ticket_opens_where_it_was_sealed, TLS_ALL),
        TLS_BEHAVIOUR(an_unknown_name_makes_a_full_handshake_and_a_new_ticket, TLS_ALL),
        TLS_BEHAVIOUR(each_resumption_gives_exactly_one_new_ticket, TLS13),
        TLS_BEHAVIOUR(a_ticket_stays_as_long_as_its_key_seals, TLS_BEFORE_13),
        TLS_BEHAVIOUR(a_ticket_is_replaced_once_a_newer_key_seals, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_of_a_pending_key_opens, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_of_a_pending_key_is_not_renewed_onto_an_older_one, TLS_BEFORE_13),
        TLS_BEHAVIOUR(a_ticket_opens_until_the_last_second_that_its_key_is_accepted, TLS_ALL),
        TLS_BEHAVIOUR(a_retired_keys_name_is_unknown, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_under_a_key_of_zeros_is_unknown, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_that_another_implementation_seals_with_the_key_opens, TLS_ALL),
        TLS_BEHAVIOUR(an_empty_place_has_no_name_not_even_one_of_zeros, TLS_ONCE),
        TLS_BEHAVIOUR(what_goes_wrong_while_opening_does_not_stand_in_the_error_queue, TLS_ALL),
        TLS_BEHAVIOUR(nor_does_what_keeps_a_ticket_from_opening, TLS_ALL),
        TLS_BEHAVIOUR(without_libcryptos_help_no_ticket_opens_and_the_handshake_goes_on, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_opens_after_a_hello_retry_request, TLS13),
    };

    return TLS_RUN(opening);
}
