/* SPDX-License-Identifier: Apache-2.0 */
/* What seals a ticket, and when there is none. */
#include "bad_crypto.h"
#include "bad_rand.h"
#include "tls_spy.h"
#include "tls_tickets.h"

#include <string.h>

enum {
    ROTATE_S = 3600,
    MANY = STEK_IVS_IN_BATCH + 7,
    IV_LEN = 16,
    IV_BATCH_LEN = (STEK_IVS_IN_BATCH + 1) * IV_LEN
};

static const struct tls_call as_a = {.server_name = "a.example"};

static void the_active_records_keys_of_this_context_seal(void **state)
{
    struct tls_test *test = *state;
    struct tls_state sealed;
    unsigned char ours[SSL_MAX_MASTER_KEY_LENGTH];
    unsigned char theirs[SSL_MAX_MASTER_KEY_LENGTH];
    const SSL_SESSION *session = tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    tls_ticket_open(session, &key, &sealed);
    const unsigned char *at = sealed.bytes;
    SSL_SESSION *inside = d2i_SSL_SESSION(NULL, &at, (long)sealed.len);
    assert_non_null(inside);
    const size_t len = SSL_SESSION_get_master_key(inside, ours, sizeof ours);
    SSL_SESSION_free(inside);
    assert_int_equal(SSL_SESSION_get_master_key(session, theirs, sizeof theirs), len);
    assert_memory_equal(ours, theirs, len);
}

static void the_next_records_keys_seal_from_the_second_on_when_it_becomes_active(void **state)
{
    struct tls_test *test = *state;
    const SSL_SESSION *first = tls_get_ticket(test);

    tls_clock_pass(ROTATE_S - 1);
    const SSL_SESSION *last = tls_get_ticket(test);
    assert_true(tls_same_key(first, last));
    tls_clock_pass(1);
    const SSL_SESSION *next = tls_get_ticket(test);
    assert_false(tls_same_key(first, next));
    size_t len;
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);
    assert_memory_equal(tls_ticket_bytes(next, &len), key.name, sizeof key.name);
}

static void every_ticket_has_an_iv_of_its_own(void **state)
{
    struct tls_test *test = *state;
    uint8_t ivs[2 * MANY][IV_LEN];
    size_t count = 0;

    for (size_t i = 0; i < MANY; i++) {
        const struct tls_visit visit = tls_visit(test, test->server, &as_a);
        assert_full(visit);
        assert_int_equal(visit.ticket_count, tls_is_13(test) ? 2 : 1);
        for (size_t j = 0; j < visit.ticket_count; j++)
            memcpy(ivs[count++], visit.tickets[j].iv, IV_LEN);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(ivs[i], ivs[j], IV_LEN);
}

/* For a client that names no server: there is no name to hash either, so that nothing but the key
 * is missing. */
static void assert_no_ticket(struct tls_test *test)
{
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server_name = NULL});

    assert_full(visit);
    tls_assert_no_ticket(test, &visit);
}

static enum bad_rand_kind failure;

static void generator_fails(void)
{
    bad_rand_install(failure);
}

/* The ring has no keys yet, and whichever way the generator fails while it is asked for some: */
static void without_a_usable_key_there_is_no_ticket_and_the_handshake_goes_on(void **state)
{
    struct tls_test *test = *state;

    tls_spy_place(test, test->server);
    for (failure = 0; failure < BAD_RAND_STUCK; failure++) {
        tls_spy.before = generator_fails;
        tls_spy.after = bad_rand_restore;
        assert_no_ticket(test);
    }
    assert_int_equal(tls_spy.negatives, 0);
    assert_true(tls_spy.seals >= BAD_RAND_STUCK);
}

static void assert_recovers_from(struct tls_test *test, void (*begin)(void), void (*end)(void))
{
    tls_spy_place(test, test->server);
    tls_spy.before = begin;
    tls_spy.after = end;
    assert_no_ticket(test);
    tls_spy.before = NULL;
    tls_spy.after = NULL;
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

static void tickets_are_sealed_again_when_the_generator_recovers(void **state)
{
    failure = BAD_RAND_FAILS;
    assert_recovers_from(*state, generator_fails, bad_rand_restore);
}

/* The ring has records; what is left to do for the first ticket is to derive their keys in this
 * context. */
static void settle_context_without_keys(struct tls_test *test)
{
    assert_int_equal(stek_ring_maintain(test->ring), STEK_OK);
    tls_attach(test, test->server, "a label needs no certificate to be read");
}

static void tickets_are_sealed_again_when_libcrypto_recovers(void **state)
{
    struct tls_test *test = *state;

    tls_skip_if_a_ticket_must_be(test);
    settle_context_without_keys(test);
    assert_recovers_from(test, bad_crypto_begin, bad_crypto_end);
}

static void without_a_random_iv_there_is_no_ticket_and_the_handshake_goes_on(void **state)
{
    struct tls_test *test = *state;

    assert_int_equal(stek_ring_maintain(test->ring), STEK_OK);
    bad_rand_install_for(BAD_RAND_FAILS, IV_BATCH_LEN);
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    const unsigned draws = bad_rand_draws();
    bad_rand_restore();
    assert_full(visit);
    tls_assert_no_ticket(test, &visit);
    assert_int_not_equal(draws, 0);
}

static void without_libcryptos_help_there_is_no_ticket_and_the_handshake_goes_on(void **state)
{
    struct tls_test *test = *state;

    tls_skip_if_a_ticket_must_be(test);
    settle_context_without_keys(test);
    tls_spy_place(test, test->server);
    tls_spy.before = bad_crypto_begin;
    tls_spy.after = bad_crypto_end;
    assert_no_ticket(test);
    assert_int_equal(tls_spy.negatives, 0);
}

static unsigned draws_that_failed;

static void generator_fails_for_records(void)
{
    bad_rand_install_for(BAD_RAND_FAILS, sizeof(struct stek_secret32));
}

static void generator_is_back(void)
{
    draws_that_failed += bad_rand_draws();
    bad_rand_leave();
}

/* SSL_get_error() would take it for the handshake's. The ring rotates, but gets no fresh record. */
static void what_goes_wrong_while_sealing_does_not_stand_in_the_error_queue(void **state)
{
    struct tls_test *test = *state;

    (void)tls_get_ticket(test);
    tls_clock_pass(ROTATE_S);
    tls_spy_place(test, test->server);
    draws_that_failed = 0;
    tls_spy.before = generator_fails_for_records;
    tls_spy.after = generator_is_back;
    (void)tls_get_ticket(test);
    assert_int_not_equal(draws_that_failed, 0);
}

static void nor_does_what_keeps_a_ticket_from_being_sealed(void **state)
{
    struct tls_test *test = *state;

    tls_skip_if_a_ticket_must_be(test);
    settle_context_without_keys(test);
    tls_spy_place(test, test->server);
    tls_spy.before = bad_crypto_begin;
    tls_spy.after = bad_crypto_leave;
    assert_no_ticket(test);
    for (failure = BAD_RAND_FAILS; failure <= BAD_RAND_REFUSES; failure++) {
        tls_spy.before = generator_fails;
        tls_spy.after = bad_rand_leave;
        assert_no_ticket(test);
    }
}

static unsigned errors_left;

static void leave_an_error(void)
{
    const unsigned char *nothing = (const unsigned char *)"";

    assert_null(d2i_X509(NULL, &nothing, 0));
}

static void leave_an_error_and_fail(void)
{
    leave_an_error();
    bad_crypto_begin();
}

static void take_the_error(void)
{
    bad_crypto_leave();
    errors_left += ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_ASN1;
    ERR_clear_error();
}

/* Without stek SSL_get_error() takes it for the handshake's: Node 12 closes such connections. */
static void an_error_that_libssl_or_the_program_left_stays(void **state)
{
    enum { CALLBACKS = 2 }; /* the key's and the session's */
    struct tls_test *test = *state;

    (void)tls_get_ticket(test);
    tls_spy_place(test, test->server);
    errors_left = 0;
    tls_spy.before = leave_an_error;
    tls_spy.after = take_the_error;
    SSL_SESSION *session = tls_get_ticket(test);
    assert_true(errors_left >= CALLBACKS);
    errors_left = 0;
    assert_resumed(tls_come_back(test, session));
    assert_true(errors_left >= CALLBACKS);
}

static void also_where_no_ticket_is_sealed(void **state)
{
    struct tls_test *test = *state;

    tls_skip_if_a_ticket_must_be(test);
    settle_context_without_keys(test);
    tls_spy_place(test, test->server);
    errors_left = 0;
    tls_spy.before = leave_an_error_and_fail;
    tls_spy.after = take_the_error;
    assert_no_ticket(test);
    assert_int_not_equal(errors_left, 0);
}

int main(void)
{
    static const struct tls_behaviour sealing[] = {
        TLS_BEHAVIOUR(the_active_records_keys_of_this_context_seal, TLS_ALL),
        TLS_BEHAVIOUR(the_next_records_keys_seal_from_the_second_on_when_it_becomes_active,
                      TLS_ALL),
        TLS_BEHAVIOUR(every_ticket_has_an_iv_of_its_own, TLS_ALL),
        TLS_BEHAVIOUR(without_a_usable_key_there_is_no_ticket_and_the_handshake_goes_on, TLS_ALL),
        TLS_BEHAVIOUR(tickets_are_sealed_again_when_the_generator_recovers, TLS_ALL),
        TLS_BEHAVIOUR(tickets_are_sealed_again_when_libcrypto_recovers, TLS_ALL),
        TLS_BEHAVIOUR(without_a_random_iv_there_is_no_ticket_and_the_handshake_goes_on, TLS_ALL),
        TLS_BEHAVIOUR(without_libcryptos_help_there_is_no_ticket_and_the_handshake_goes_on,
                      TLS_ALL),
        TLS_BEHAVIOUR(what_goes_wrong_while_sealing_does_not_stand_in_the_error_queue, TLS_ALL),
        TLS_BEHAVIOUR(nor_does_what_keeps_a_ticket_from_being_sealed, TLS_ALL),
        TLS_BEHAVIOUR(an_error_that_libssl_or_the_program_left_stays, TLS_ALL),
        TLS_BEHAVIOUR(also_where_no_ticket_is_sealed, TLS_ALL),
    };

    return TLS_RUN(sealing);
}
