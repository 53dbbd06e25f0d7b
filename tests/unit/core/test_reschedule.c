/* SPDX-License-Identifier: Apache-2.0 */
/* A change of policy moves times, and never leaves a moment without an active record. */
#include "unit.h"

#include "prng.h"

#include "core/reschedule.h"
#include "core/schedule.h"

#include <string.h>

enum { START = 1800000000, HOUR_S = 3600, DAY_S = 86400 };

static struct stek_policy policy_of(int64_t rotate_s, int64_t accept_s)
{
    return (struct stek_policy){
        .rotate_s = rotate_s, .accept_s = accept_s, .max_session_age_s = DAY_S, .ahead = 2};
}

static void advance(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                    uint64_t draw)
{
    struct stek_fresh fresh = {.count = STEK_AHEAD_MAX + 1};
    struct prng prng = {draw};

    for (size_t i = 0; i < fresh.count; i++)
        fresh.secret[i] = prng_secret(&prng);
    assert_int_equal(stek_records_advance(records, policy, now, &fresh), STEK_OK);
    assert_null(stek_records_problem(records));
}

static struct stek_records ring_of(const struct stek_policy *policy)
{
    struct stek_records records = {0};

    advance(&records, policy, START, 1);
    return records;
}

/* The same secrets under the same seqs, nothing lost, each beginning where the one before ends. */
static void assert_same_chain(const struct stek_records *before, const struct stek_records *after)
{
    assert_null(stek_records_problem(after));
    assert_int_equal(after->count, before->count);
    for (size_t i = 0; i < after->count; i++) {
        assert_int_equal(after->at[i].seq, before->at[i].seq);
        assert_memory_equal(&after->at[i].secret, &before->at[i].secret,
                            sizeof before->at[i].secret);
        if (i > 0)
            assert_int_equal(after->at[i].active_from, after->at[i - 1].active_until);
    }
}

static void a_shorter_interval_holds_within_that_interval(void **state)
{
    const struct stek_policy week = policy_of(7 * DAY_S, 12 * HOUR_S);
    const struct stek_policy hour = policy_of(HOUR_S, 12 * HOUR_S);
    const struct stek_records before = ring_of(&week);
    struct stek_records records = before;
    const int64_t now = START + 60;

    (void)state;
    stek_records_reschedule(&records, &hour, now);
    assert_same_chain(&before, &records);
    assert_int_equal(records.at[0].active_until, START + HOUR_S);
    assert_int_equal(records.at[2].active_until, START + 3 * HOUR_S);
}

static void an_interval_that_is_over_already_ends_now(void **state)
{
    const struct stek_policy week = policy_of(7 * DAY_S, 12 * HOUR_S);
    const struct stek_policy hour = policy_of(HOUR_S, 12 * HOUR_S);
    const struct stek_records before = ring_of(&week);
    struct stek_records records = before;
    const int64_t now = START + 2 * DAY_S;

    (void)state;
    stek_records_reschedule(&records, &hour, now);
    assert_same_chain(&before, &records);
    assert_int_equal(records.at[0].active_until, now);
    assert_int_equal(stek_records_active(&records, now), 1);
}

static void a_longer_interval_begins_with_the_active_record(void **state)
{
    const struct stek_policy hour = policy_of(HOUR_S, 12 * HOUR_S);
    const struct stek_policy week = policy_of(7 * DAY_S, 12 * HOUR_S);
    const struct stek_records before = ring_of(&hour);
    struct stek_records records = before;

    (void)state;
    stek_records_reschedule(&records, &week, START + 60);
    assert_same_chain(&before, &records);
    assert_int_equal(records.at[0].active_until, START + 7 * DAY_S);
    assert_int_equal(records.at[0].accept_until, START + 7 * DAY_S + 12 * HOUR_S);
}

static void a_key_that_has_sealed_opens_as_long_as_its_tickets_were_promised(void **state)
{
    const struct stek_policy long_accept = policy_of(HOUR_S, 12 * HOUR_S);
    const struct stek_policy short_accept = policy_of(HOUR_S, 600);
    const struct stek_records before = ring_of(&long_accept);
    struct stek_records records = before;

    (void)state;
    stek_records_reschedule(&records, &short_accept, START + 60);
    assert_same_chain(&before, &records);
    assert_int_equal(records.at[0].accept_until, before.at[0].accept_until);
    assert_int_equal(records.at[1].accept_until, records.at[1].active_until + 600);
}

static void the_policy_that_holds_already_changes_nothing(void **state)
{
    const struct stek_policy policy = policy_of(HOUR_S, 12 * HOUR_S);
    struct stek_records records = ring_of(&policy);

    (void)state;
    for (int i = 1; i < 30; i++) {
        const int64_t now = START + i * 1700;
        advance(&records, &policy, now, (uint64_t)i + 1);
        const struct stek_records before = records;
        stek_records_reschedule(&records, &policy, now);
        assert_memory_equal(&records, &before, sizeof before);
    }
}

static void a_ring_without_an_active_record_is_left_alone(void **state)
{
    const struct stek_policy policy = policy_of(HOUR_S, 12 * HOUR_S);
    const struct stek_records before = ring_of(&policy);
    struct stek_records records = before;

    (void)state;
    stek_records_reschedule(&records, &policy, START - 10);
    assert_memory_equal(&records, &before, sizeof before);
}

/* Policies that change at random times, over years: one record is active at every moment, and no
 * ticket's promise that was made under an active record is broken. */
static void changes_at_random_leave_no_gap(void **state)
{
    struct stek_policy policy = policy_of(HOUR_S, 12 * HOUR_S);
    struct stek_records records = ring_of(&policy);
    struct prng prng = {2026};
    int64_t now = START;

    (void)state;
    for (int turn = 0; turn < 3000; turn++) {
        now += prng_between(&prng, 1, policy.rotate_s);
        advance(&records, &policy, now, (uint64_t)turn + 2);
        struct stek_record active = records.at[stek_records_active(&records, now)];
        do
            policy =
                policy_of(prng_between(&prng, 1, 7 * DAY_S), prng_between(&prng, 1, 7 * DAY_S));
        while (stek_policy_problem(&policy) != NULL);
        stek_records_reschedule(&records, &policy, now);
        assert_null(stek_records_problem(&records));
        assert_true(stek_records_active(&records, now) >= 0);
        advance(&records, &policy, now, (uint64_t)turn + 100000);
        bool kept = false;
        for (size_t i = 0; i < records.count; i++)
            kept = kept || (records.at[i].seq == active.seq &&
                            records.at[i].accept_until >= active.accept_until);
        assert_true(kept);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shorter_interval_holds_within_that_interval),
        cmocka_unit_test(an_interval_that_is_over_already_ends_now),
        cmocka_unit_test(a_longer_interval_begins_with_the_active_record),
        cmocka_unit_test(a_key_that_has_sealed_opens_as_long_as_its_tickets_were_promised),
        cmocka_unit_test(the_policy_that_holds_already_changes_nothing),
        cmocka_unit_test(a_ring_without_an_active_record_is_left_alone),
        cmocka_unit_test(changes_at_random_leave_no_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
