/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator's orders do to a ring. test_revoke_properties.c has what holds whatever happened
 * before. */
#include "unit.h"

#include "bad_crypto.h"
#include "prng.h"

#include "core/revoke.h"
#include "crypto/derive.h"

#include <string.h>

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 250 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 1, .ahead = 2};
static const struct stek_fresh none = {0};
static const struct stek_revocation all = {.which = STEK_REVOKE_ALL};

static void advance(struct stek_records *records, int64_t now, const struct stek_fresh *fresh)
{
    assert_int_equal(stek_records_advance(records, &policy, now, fresh), STEK_OK);
}

/* At START + 250: seqs 1 and 2 draining, 3 active since START + 200, 4 and 5 pending. */
static struct stek_records ring_in_use(void)
{
    struct stek_records records = {0};

    for (unsigned i = 0; i < 3; i++) {
        const struct stek_fresh fresh = prng_fresh(i + 1);
        advance(&records, START + (int64_t)i * ROTATE_S, &fresh);
    }
    assert_int_equal(records.count, 5);
    return records;
}

enum { NOW = START + 250 };

/* The same, when no process did anything in between: 1 to 3 were published, 4 to 6 are
 * continuations, 6 is active. */
static struct stek_records ring_on_continuations(int64_t *ret_now)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    advance(&records, START, &fresh);
    *ret_now = START + 5 * ROTATE_S + 10;
    advance(&records, *ret_now, &none);
    return records;
}

static void rotate(struct stek_records *records, int64_t now, const struct stek_fresh *fresh)
{
    assert_int_equal(stek_records_rotate_now(records, &policy, now, fresh), STEK_OK);
    assert_null(stek_records_problem(records));
}

static uint64_t revoke(struct stek_records *records, const struct stek_revocation *what,
                       int64_t now)
{
    const struct stek_fresh fresh = prng_fresh(77);
    uint64_t count = 0;

    assert_int_equal(stek_records_revoke(records, what, &policy, now, &fresh, &count), STEK_OK);
    assert_null(stek_records_problem(records));
    assert_true(stek_records_active(records, now) >= 0);
    return count;
}

static uint64_t revoke_key(struct stek_records *records, uint64_t seq, int64_t now)
{
    const struct stek_revocation key = {.which = STEK_REVOKE_KEY, .seq = seq};

    return revoke(records, &key, now);
}

static uint64_t revoke_before(struct stek_records *records, int64_t before, int64_t now)
{
    const struct stek_revocation what = {.which = STEK_REVOKE_BEFORE, .before = before};

    return revoke(records, &what, now);
}

static const struct stek_record *active_of(const struct stek_records *records, int64_t now)
{
    return &records->at[stek_records_active(records, now)];
}

static void rotating_makes_the_next_record_active_now_and_for_a_whole_interval(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    rotate(&records, NOW, &fresh);
    assert_memory_equal(&active_of(&records, NOW)->secret, &before.at[3].secret,
                        sizeof(struct stek_secret32));
    assert_int_equal(active_of(&records, NOW)->active_from, NOW);
    assert_int_equal(active_of(&records, NOW)->active_until, NOW + ROTATE_S);
    assert_int_equal(active_of(&records, NOW - 1)->seq, 3);
}

static void rotating_publishes_one_more_and_moves_those_ahead(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    struct stek_records records = ring_in_use();

    (void)state;
    rotate(&records, NOW, &fresh);
    assert_int_equal(records.count, 6);
    assert_int_equal(records.at[4].active_from, NOW + ROTATE_S);
    assert_int_equal(records.at[5].active_from, NOW + 2 * ROTATE_S);
    assert_int_equal(records.at[5].origin, STEK_ORIGIN_PUBLISHED);
}

static void tickets_keep_their_promise_when_the_ring_rotates(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    rotate(&records, NOW, &fresh);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(records.at[i].accept_until, before.at[i].accept_until);
}

static void rotating_twice_in_a_second_is_refused_with_a_reason(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    struct stek_records records = ring_in_use();

    (void)state;
    rotate(&records, NOW, &fresh);
    const struct stek_records before = records;
    assert_int_equal(stek_records_rotate_now(&records, &policy, NOW, &fresh), STEK_ERR_BUSY);
    assert_non_null(strstr(stek_records_rotate_problem(&records, NOW), "try again in a second"));
    assert_memory_equal(&records, &before, sizeof records);
    rotate(&records, NOW + 1, &fresh);
}

static void rotating_without_random_bytes_takes_those_ahead_then_continues(void **state)
{
    struct stek_records records = ring_in_use();

    (void)state;
    for (int i = 0; i < 3; i++)
        rotate(&records, NOW + i, &none);
    const struct stek_record *active = active_of(&records, NOW + 2);
    struct stek_secret32 continued;
    assert_int_equal(active->seq, 6);
    assert_int_equal(active->origin, STEK_ORIGIN_CONTINUED);
    assert_int_equal(stek_derive_continuation(&active[-1].secret, &continued), STEK_OK);
    assert_memory_equal(&active->secret, &continued, sizeof continued);
}

static void rotating_stops_before_a_record_that_still_opens_would_be_dropped(void **state)
{
    struct stek_records records = ring_in_use();
    const struct stek_secret32 oldest = records.at[1].secret;
    int64_t now = NOW;

    (void)state;
    for (;; now++) {
        const struct stek_fresh fresh = prng_fresh((uint64_t)now);
        if (stek_records_rotate_now(&records, &policy, now, &fresh) != STEK_OK)
            break;
        assert_null(stek_records_problem(&records));
    }
    assert_true(records.count == STEK_RECORDS_MAX && now < records.at[0].accept_until);
    assert_non_null(strstr(stek_records_rotate_problem(&records, now), "64 keys"));
    assert_true(stek_records_hold_secret(&records, &oldest));
    /* Nor does the schedule drop one afterwards. */
    const int64_t later = active_of(&records, now)->active_until;
    const struct stek_record kept = records.at[10];
    advance(&records, later, &none);
    assert_int_equal(stek_records_hold_secret(&records, &kept.secret), later < kept.accept_until);
}

static void rotating_first_does_what_is_due(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    struct stek_records records = ring_in_use();

    (void)state;
    rotate(&records, START + 350, &fresh);
    assert_int_equal(active_of(&records, START + 349)->seq, 4);
    assert_int_equal(active_of(&records, START + 350)->seq, 5);
}

static void revoking_all_leaves_fresh_records_only(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke(&records, &all, NOW), before.count);
    for (size_t i = 0; i < before.count; i++)
        assert_false(stek_records_hold_secret(&records, &before.at[i].secret));
    assert_int_equal(records.count, 3);
    assert_int_equal(records.at[0].active_from, NOW);
    for (size_t i = 0; i < records.count; i++)
        assert_int_equal(records.at[i].origin, STEK_ORIGIN_PUBLISHED);
}

static void after_revoking_all_no_seq_is_used_that_a_holder_may_have_continued_to(void **state)
{
    struct stek_records records = ring_in_use();
    const uint64_t last = records.at[records.count - 1].seq;

    (void)state;
    (void)revoke(&records, &all, NOW);
    assert_true(records.at[0].seq > last + 1);
}

static void a_draining_key_that_is_revoked_goes_and_nothing_else_changes(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 2, NOW), 1);
    assert_int_equal(records.count, before.count - 1);
    assert_memory_equal(&records.at[0], &before.at[0], sizeof before.at[0]);
    assert_memory_equal(&records.at[1], &before.at[2], 3 * sizeof before.at[0]);
}

static void when_the_active_key_is_revoked_the_next_one_seals_at_once(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 3, NOW), 1);
    assert_int_equal(active_of(&records, NOW)->seq, 4);
    assert_int_equal(active_of(&records, NOW)->active_from, NOW);
    assert_int_equal(active_of(&records, NOW)->active_until, NOW + ROTATE_S);
    assert_false(stek_records_hold_secret(&records, &before.at[2].secret));
    assert_int_equal(records.count, 5); /* and one more is ahead */
}

static void when_a_pending_key_is_revoked_there_is_no_gap(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 4, NOW), 1);
    assert_false(stek_records_hold_secret(&records, &before.at[3].secret));
    assert_int_equal(records.at[3].seq, 5);
    assert_int_equal(records.at[3].active_from, records.at[2].active_until);
    assert_int_equal(records.at[4].active_from, records.at[3].active_until);
}

static void a_key_is_revoked_in_the_second_in_which_it_became_active(void **state)
{
    struct stek_records records = ring_in_use();

    (void)state;
    assert_int_equal(revoke_key(&records, 3, START + 200), 1);
    assert_int_equal(active_of(&records, START + 200)->seq, 4);
}

static void a_seq_that_is_not_there_revokes_nothing(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 6, NOW), 0);
    assert_memory_equal(&records, &before, sizeof records);
}

static void revoking_before_a_time_takes_what_has_sealed_before_it(void **state)
{
    struct stek_records records = ring_in_use();

    (void)state;
    assert_int_equal(revoke_before(&records, START + 1, NOW), 1); /* 1 sealed in the second START */
    assert_int_equal(revoke_before(&records, START + 100, NOW),
                     0); /* 2 began to seal in START + 100 */
    assert_int_equal(revoke_before(&records, START + 101, NOW), 1);
    assert_int_equal(active_of(&records, NOW)->seq, 3);
    assert_int_equal(revoke_before(&records, NOW, NOW), 1);
    assert_int_equal(active_of(&records, NOW)->seq, 4);
}

static void revoking_before_a_time_in_the_future_leaves_pending_keys(void **state)
{
    struct stek_records records = ring_in_use();

    (void)state;
    assert_int_equal(revoke_before(&records, NOW + 10 * ROTATE_S, NOW), 3);
    assert_int_equal(records.at[0].seq, 4);
}

static void the_continuations_of_a_revoked_key_go_with_it(void **state)
{
    int64_t now;
    struct stek_records records = ring_on_continuations(&now);
    const struct stek_records before = records;

    (void)state;
    assert_int_equal(before.at[0].seq, 3);
    assert_int_equal(before.at[0].origin, STEK_ORIGIN_PUBLISHED);
    assert_int_equal(revoke_key(&records, 3, now), before.count);
    for (size_t i = 0; i < before.count; i++)
        assert_false(stek_records_hold_secret(&records, &before.at[i].secret));
    assert_int_equal(active_of(&records, now)->origin, STEK_ORIGIN_PUBLISHED);
    assert_true(active_of(&records, now)->seq > before.at[before.count - 1].seq);
}

/* As long as the secret before is there, what was revoked can be computed again. */
static void what_a_revoked_continuation_came_from_goes_with_it(void **state)
{
    int64_t now;
    struct stek_records records = ring_on_continuations(&now);
    const struct stek_records before = records;

    (void)state;
    assert_int_equal(revoke_key(&records, active_of(&before, now)->seq, now), before.count);
    for (size_t i = 0; i < before.count; i++)
        assert_false(stek_records_hold_secret(&records, &before.at[i].secret));
}

/* After accept was cut, a later record of a chain may have retired before an earlier one. */
static void a_chain_with_a_gap_goes_as_a_whole(void **state)
{
    int64_t now;
    struct stek_records records = ring_on_continuations(&now);

    (void)state;
    stek_records_remove(&records, 1, 2);
    const uint64_t count = records.count;
    assert_int_equal(revoke_key(&records, 3, now), count);
}

static void without_random_bytes_nothing_is_revoked_that_would_leave_no_key(void **state)
{
    const struct stek_records before = ring_in_use();
    struct stek_records records = before;
    uint64_t count = 99;

    (void)state;
    assert_int_equal(stek_records_revoke(&records, &all, &policy, NOW, &none, &count),
                     STEK_ERR_RANDOM);
    assert_int_equal(count, 99);
    assert_memory_equal(&records, &before, sizeof records);
}

static void a_failure_of_libcrypto_leaves_the_records_alone(void **state)
{
    const struct stek_fresh fresh = prng_fresh(9);
    int64_t now;
    struct stek_records records = ring_on_continuations(&now);
    const struct stek_records before = records;
    uint64_t count = 99;

    (void)state;
    bad_crypto_begin();
    assert_int_equal(stek_records_rotate_now(&records, &policy, now + ROTATE_S, &none),
                     STEK_ERR_CRYPTO);
    assert_int_equal(stek_records_revoke(&records, &all, &policy, now + ROTATE_S, &fresh, &count),
                     STEK_ERR_CRYPTO);
    bad_crypto_end();
    assert_memory_equal(&records, &before, sizeof records);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotating_makes_the_next_record_active_now_and_for_a_whole_interval),
        cmocka_unit_test(rotating_publishes_one_more_and_moves_those_ahead),
        cmocka_unit_test(tickets_keep_their_promise_when_the_ring_rotates),
        cmocka_unit_test(rotating_twice_in_a_second_is_refused_with_a_reason),
        cmocka_unit_test(rotating_without_random_bytes_takes_those_ahead_then_continues),
        cmocka_unit_test(rotating_stops_before_a_record_that_still_opens_would_be_dropped),
        cmocka_unit_test(rotating_first_does_what_is_due),
        cmocka_unit_test(revoking_all_leaves_fresh_records_only),
        cmocka_unit_test(after_revoking_all_no_seq_is_used_that_a_holder_may_have_continued_to),
        cmocka_unit_test(a_draining_key_that_is_revoked_goes_and_nothing_else_changes),
        cmocka_unit_test(when_the_active_key_is_revoked_the_next_one_seals_at_once),
        cmocka_unit_test(when_a_pending_key_is_revoked_there_is_no_gap),
        cmocka_unit_test(a_key_is_revoked_in_the_second_in_which_it_became_active),
        cmocka_unit_test(a_seq_that_is_not_there_revokes_nothing),
        cmocka_unit_test(revoking_before_a_time_takes_what_has_sealed_before_it),
        cmocka_unit_test(revoking_before_a_time_in_the_future_leaves_pending_keys),
        cmocka_unit_test(the_continuations_of_a_revoked_key_go_with_it),
        cmocka_unit_test(what_a_revoked_continuation_came_from_goes_with_it),
        cmocka_unit_test(a_chain_with_a_gap_goes_as_a_whole),
        cmocka_unit_test(without_random_bytes_nothing_is_revoked_that_would_leave_no_key),
        cmocka_unit_test(a_failure_of_libcrypto_leaves_the_records_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
