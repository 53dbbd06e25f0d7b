/* SPDX-License-Identifier: Apache-2.0 */
/* What a ring holds after each turn of its schedule. test_schedule_clock.c has what wrong clocks
 * and long sleeps do. */
#include "unit.h"

#include "bad_crypto.h"
#include "prng.h"

#include "core/schedule.h"
#include "crypto/derive.h"

#include <string.h>

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 250 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 1, .ahead = 2};

static const struct stek_fresh none = {0};

static void advance(struct stek_records *records, int64_t now, const struct stek_fresh *fresh)
{
    assert_int_equal(stek_records_advance(records, &policy, now, fresh), STEK_OK);
    assert_null(stek_records_problem(records));
}

/* A ring that begins at START: one active record and two ahead. */
static struct stek_records new_ring(void)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    advance(&records, START, &fresh);
    return records;
}

static void assert_continues(const struct stek_record *next, const struct stek_record *record)
{
    struct stek_secret32 secret;

    assert_int_equal(stek_derive_continuation(&record->secret, &secret), STEK_OK);
    assert_memory_equal(&next->secret, &secret, sizeof secret);
    assert_int_equal(next->origin, STEK_ORIGIN_CONTINUED);
    assert_int_equal(next->seq, record->seq + 1);
    assert_int_equal(next->active_from, record->active_until);
}

static void a_new_ring_has_one_active_record_and_those_ahead(void **state)
{
    const struct stek_fresh fresh = prng_fresh(1);
    const struct stek_records records = new_ring();

    (void)state;
    assert_int_equal(records.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const int64_t from = START + (int64_t)i * ROTATE_S;
        assert_int_equal(records.at[i].seq, i + 1);
        assert_int_equal(records.at[i].active_from, from);
        assert_int_equal(records.at[i].active_until, from + ROTATE_S);
        assert_int_equal(records.at[i].accept_until, from + ROTATE_S + ACCEPT_S);
        assert_int_equal(records.at[i].origin, STEK_ORIGIN_PUBLISHED);
        assert_memory_equal(&records.at[i].secret, &fresh.secret[i], sizeof fresh.secret[i]);
    }
}

static void nothing_changes_before_the_interval_is_over(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    const struct stek_records before = new_ring();
    struct stek_records records = before;

    (void)state;
    assert_false(stek_records_due(&records, &policy, START + ROTATE_S - 1));
    advance(&records, START + ROTATE_S - 1, &fresh);
    assert_memory_equal(&records, &before, sizeof records);
}

static void
when_the_interval_is_over_the_next_record_seals_and_another_one_is_published(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    assert_true(stek_records_due(&records, &policy, START + ROTATE_S));
    advance(&records, START + ROTATE_S, &fresh);
    assert_int_equal(records.count, 4);
    assert_int_equal(stek_record_state(&records, 0, START + ROTATE_S), STEK_STATE_DRAINING);
    assert_int_equal(stek_record_state(&records, 1, START + ROTATE_S), STEK_STATE_ACTIVE);
    assert_memory_equal(&records.at[3].secret, &fresh.secret[0], sizeof fresh.secret[0]);
}

static void a_record_is_destroyed_in_the_second_it_retires(void **state)
{
    const int64_t retires = START + ROTATE_S + ACCEPT_S;
    struct stek_records records = new_ring();
    const struct stek_secret32 secret = records.at[0].secret;

    (void)state;
    advance(&records, retires - 1, &none);
    assert_true(stek_records_hold_secret(&records, &secret));
    assert_true(stek_records_due(&records, &policy, retires));
    advance(&records, retires, &none);
    assert_false(stek_records_hold_secret(&records, &secret));
    assert_null(memmem(&records, sizeof records, &secret, sizeof secret));
}

static void a_start_without_a_fresh_secret_fails(void **state)
{
    struct stek_records records = {0};

    (void)state;
    assert_int_equal(stek_records_advance(&records, &policy, START, &none), STEK_ERR_RANDOM);
    assert_memory_equal(&records, &(struct stek_records){0}, sizeof records);
}

static void too_few_fresh_secrets_publish_fewer_records(void **state)
{
    struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    (void)state;
    fresh.count = 2;
    advance(&records, START, &fresh);
    assert_int_equal(records.count, 2);
    assert_true(stek_records_due(&records, &policy, START));
}

static void without_fresh_secrets_the_chain_goes_on(void **state)
{
    const struct stek_records before = new_ring();
    struct stek_records records = before;

    (void)state;
    advance(&records, START + 3 * ROTATE_S, &none);
    const int active = stek_records_active(&records, START + 3 * ROTATE_S);
    assert_int_equal(active, (int)records.count - 1);
    assert_continues(&records.at[active], &before.at[2]);
}

static void a_seq_that_begins_in_half_an_interval_gets_a_fresh_secret(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    advance(&records, START + 2 * ROTATE_S + ROTATE_S / 2 - 1, &fresh);
    assert_memory_equal(&records.at[3].secret, &fresh.secret[0], sizeof fresh.secret[0]);
    assert_int_equal(records.at[3].origin, STEK_ORIGIN_PUBLISHED);
}

static void a_seq_that_begins_sooner_gets_its_continuation(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    advance(&records, START + 2 * ROTATE_S + ROTATE_S / 2, &fresh);
    assert_continues(&records.at[3], &records.at[2]);
    assert_memory_equal(&records.at[4].secret, &fresh.secret[0], sizeof fresh.secret[0]);
}

/*
 * The owner decides in the last millisecond of one second and publishes in the next: what others
 * have sealed by then must open.
 */
static void what_is_published_a_moment_late_is_what_holders_have_continued(void **state)
{
    const struct stek_policy quick = {
        .rotate_s = 2, .accept_s = 50, .max_session_age_s = 1, .ahead = 1};
    struct stek_fresh first = prng_fresh(2);
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records holder = {0};

    (void)state;
    first.count = 1;
    assert_int_equal(stek_records_advance(&holder, &quick, START, &first), STEK_OK);
    struct stek_records owner = holder;
    assert_int_equal(stek_records_settle(&holder, &quick, START + 2), STEK_OK);
    assert_int_equal(stek_records_advance(&owner, &quick, START + 1, &fresh), STEK_OK);
    assert_memory_equal(&owner.at[1], &holder.at[1], sizeof owner.at[1]);
}

static void half_of_an_odd_interval_is_rounded_up(void **state)
{
    const struct stek_policy odd = {
        .rotate_s = 5, .accept_s = 50, .max_session_age_s = 1, .ahead = 1};
    const struct stek_fresh fresh = prng_fresh(1);

    (void)state;
    for (int64_t left = 1; left <= 5; left++) {
        struct stek_fresh first = prng_fresh(2);
        struct stek_records records = {0};

        first.count = 1;
        assert_int_equal(stek_records_advance(&records, &odd, START, &first), STEK_OK);
        assert_int_equal(stek_records_advance(&records, &odd, START + 5 - left, &fresh), STEK_OK);
        assert_int_equal(records.at[1].origin,
                         left >= 3 ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_CONTINUED);
    }
}

static void a_seq_that_has_begun_stays_its_continuation_when_fresh_secrets_are_back(void **state)
{
    const int64_t now = START + 3 * ROTATE_S;
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records holder = new_ring();
    struct stek_records owner = holder;

    (void)state;
    assert_int_equal(stek_records_settle(&holder, &policy, now), STEK_OK);
    advance(&owner, now, &fresh);
    assert_memory_equal(&owner.at[stek_records_active(&owner, now)],
                        &holder.at[stek_records_active(&holder, now)], sizeof *owner.at);
}

static void a_fresh_secret_that_a_record_holds_is_passed_over(void **state)
{
    struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    fresh.secret[0] = records.at[0].secret;
    fresh.secret[1] = records.at[2].secret;
    advance(&records, START + ROTATE_S, &fresh);
    assert_memory_equal(&records.at[3].secret, &fresh.secret[2], sizeof fresh.secret[2]);
}

static void a_generator_that_is_stuck_gives_one_record_and_its_continuations(void **state)
{
    struct stek_fresh stuck = prng_fresh(1);
    struct stek_records records = {0};

    (void)state;
    for (size_t i = 1; i < stuck.count; i++)
        stuck.secret[i] = stuck.secret[0];
    advance(&records, START, &stuck);
    assert_int_equal(records.count, 1);
    const struct stek_record first = records.at[0];
    advance(&records, START + ROTATE_S, &stuck);
    assert_continues(&records.at[1], &first);
}

static void a_generator_that_is_stuck_does_not_start_a_ring_anew_with_its_last_secret(void **state)
{
    const int64_t out_of_reach = START + 3 * ROTATE_S + STEK_CONTINUE_MAX * ROTATE_S;
    const struct stek_fresh stuck = {.count = 1, .secret = {new_ring().at[2].secret}};
    struct stek_records records = new_ring();

    (void)state;
    assert_int_equal(stek_records_advance(&records, &policy, out_of_reach, &stuck),
                     STEK_ERR_RANDOM);
}

static void a_new_interval_begins_where_the_last_published_record_ends(void **state)
{
    struct stek_policy longer = policy;
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    longer.rotate_s = 7 * ROTATE_S;
    assert_int_equal(stek_records_advance(&records, &longer, START + ROTATE_S, &fresh), STEK_OK);
    assert_int_equal(records.at[2].active_until, START + 3 * ROTATE_S);
    assert_int_equal(records.at[3].active_from, START + 3 * ROTATE_S);
    assert_int_equal(records.at[3].active_until, START + 10 * ROTATE_S);
}

static void a_longer_look_ahead_is_filled_at_once(void **state)
{
    struct stek_policy farther = policy;
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring();

    (void)state;
    farther.ahead = 16;
    assert_true(stek_records_due(&records, &farther, START));
    assert_int_equal(stek_records_advance(&records, &farther, START, &fresh), STEK_OK);
    assert_int_equal(records.count, 17);
    assert_false(stek_records_due(&records, &farther, START));
}

static void a_failing_libcrypto_leaves_the_records_alone(void **state)
{
    const int64_t now = START + 3 * ROTATE_S;
    const struct stek_records before = new_ring();
    struct stek_records records = before;

    (void)state;
    bad_crypto_begin();
    const enum stek_result advanced = stek_records_advance(&records, &policy, now, &none);
    const enum stek_result settled = stek_records_settle(&records, &policy, now);
    bad_crypto_end();
    assert_int_equal(advanced, STEK_ERR_CRYPTO);
    assert_int_equal(settled, STEK_ERR_CRYPTO);
    assert_memory_equal(&records, &before, sizeof records);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_ring_has_one_active_record_and_those_ahead),
        cmocka_unit_test(nothing_changes_before_the_interval_is_over),
        cmocka_unit_test(
            when_the_interval_is_over_the_next_record_seals_and_another_one_is_published),
        cmocka_unit_test(a_record_is_destroyed_in_the_second_it_retires),
        cmocka_unit_test(a_start_without_a_fresh_secret_fails),
        cmocka_unit_test(too_few_fresh_secrets_publish_fewer_records),
        cmocka_unit_test(without_fresh_secrets_the_chain_goes_on),
        cmocka_unit_test(a_seq_that_begins_in_half_an_interval_gets_a_fresh_secret),
        cmocka_unit_test(a_seq_that_begins_sooner_gets_its_continuation),
        cmocka_unit_test(what_is_published_a_moment_late_is_what_holders_have_continued),
        cmocka_unit_test(half_of_an_odd_interval_is_rounded_up),
        cmocka_unit_test(a_seq_that_has_begun_stays_its_continuation_when_fresh_secrets_are_back),
        cmocka_unit_test(a_fresh_secret_that_a_record_holds_is_passed_over),
        cmocka_unit_test(a_generator_that_is_stuck_gives_one_record_and_its_continuations),
        cmocka_unit_test(a_generator_that_is_stuck_does_not_start_a_ring_anew_with_its_last_secret),
        cmocka_unit_test(a_new_interval_begins_where_the_last_published_record_ends),
        cmocka_unit_test(a_longer_look_ahead_is_filled_at_once),
        cmocka_unit_test(a_failing_libcrypto_leaves_the_records_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
