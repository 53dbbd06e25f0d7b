/* SPDX-License-Identifier: Apache-2.0 */
/* What the schedule does after long sleeps, with wrong clocks, and when a ring is full. */
#include "unit.h"

#include "prng.h"

#include "core/schedule.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 250 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TIMES_COUNT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define TIMES_COUNT false
#endif
#endif
#ifndef TIMES_COUNT
#define TIMES_COUNT true
#endif

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 1, .ahead = 2};

static const struct stek_fresh none = {0};

static struct stek_records new_ring(const struct stek_policy *of)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    assert_int_equal(stek_records_advance(&records, of, START, &fresh), STEK_OK);
    return records;
}

static const struct stek_record *active_at(const struct stek_records *records, int64_t now)
{
    const int active = stek_records_active(records, now);

    assert_true(active >= 0);
    return &records->at[active];
}

static void a_holder_waits_for_the_owner_when_there_are_no_records(void **state)
{
    struct stek_records records = {0};

    (void)state;
    assert_int_equal(stek_records_settle(&records, &policy, START), STEK_ERR_BUSY);
}

static void a_holder_waits_for_the_owner_when_all_records_begin_later(void **state)
{
    const struct stek_records before = new_ring(&policy);
    struct stek_records records = before;

    (void)state;
    assert_int_equal(stek_records_settle(&records, &policy, START - 1), STEK_ERR_BUSY);
    assert_memory_equal(&records, &before, sizeof records);
}

static void a_holder_publishes_nothing(void **state)
{
    const struct stek_records before = new_ring(&policy);
    struct stek_records records = before;

    (void)state;
    assert_int_equal(stek_records_settle(&records, &policy, START + 2 * ROTATE_S), STEK_OK);
    assert_memory_equal(&records, &before, sizeof records);
    assert_int_equal(stek_records_settle(&records, &policy, START + 3 * ROTATE_S), STEK_OK);
    assert_int_equal(records.count, before.count + 1);
}

static void a_holder_drops_what_has_retired(void **state)
{
    struct stek_records records = new_ring(&policy);
    const struct stek_secret32 secret = records.at[0].secret;

    (void)state;
    assert_int_equal(stek_records_settle(&records, &policy, records.at[0].accept_until), STEK_OK);
    assert_null(memmem(&records, sizeof records, &secret, sizeof secret));
}

static void a_holder_follows_the_chain_over_256_intervals_and_no_further(void **state)
{
    const struct stek_records before = new_ring(&policy);
    const int64_t ends = before.at[2].active_until;
    struct stek_records records = before;

    (void)state;
    assert_int_equal(stek_records_settle(&records, &policy, ends + 256 * ROTATE_S), STEK_ERR_BUSY);
    assert_memory_equal(&records, &before, sizeof records);
    assert_int_equal(stek_records_settle(&records, &policy, ends + 256 * ROTATE_S - 1), STEK_OK);
    assert_int_equal(active_at(&records, ends + 256 * ROTATE_S - 1)->seq, before.at[2].seq + 256);
}

static void a_ring_that_slept_until_all_had_retired_goes_on_in_step_with_its_holders(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records owner = new_ring(&policy);
    struct stek_records holder = owner;
    const int64_t wakes = owner.at[2].accept_until;

    (void)state;
    assert_int_equal(stek_records_advance(&owner, &policy, wakes, &fresh), STEK_OK);
    assert_int_equal(stek_records_settle(&holder, &policy, wakes), STEK_OK);
    assert_memory_equal(active_at(&owner, wakes), active_at(&holder, wakes),
                        sizeof(struct stek_record));
}

static void
a_ring_that_slept_for_longer_than_a_chain_is_continued_starts_anew_from_fresh_bytes(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring(&policy);
    const int64_t wakes = records.at[2].active_until + STEK_CONTINUE_MAX * ROTATE_S;

    (void)state;
    assert_int_equal(stek_records_advance(&records, &policy, wakes, &fresh), STEK_OK);
    assert_int_equal(records.count, 3);
    assert_int_equal(records.at[0].active_from, wakes);
    assert_memory_equal(&records.at[0].secret, &fresh.secret[0], sizeof fresh.secret[0]);
}

/* A holder that came by in every interval has followed the chain for as long as it liked. */
static void a_new_chain_has_a_seq_that_no_holder_of_the_old_one_has_reached(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    const struct stek_records before = new_ring(&policy);
    const int64_t out_of_reach = before.at[2].active_until + STEK_CONTINUE_MAX * ROTATE_S;
    struct stek_records holder = before;

    (void)state;
    for (int64_t now = START; now < out_of_reach + 20 * ROTATE_S; now += ROTATE_S / 2) {
        struct stek_records owner = before;

        assert_int_equal(stek_records_settle(&holder, &policy, now), STEK_OK);
        if (now < out_of_reach)
            continue;
        assert_int_equal(stek_records_advance(&owner, &policy, now, &fresh), STEK_OK);
        assert_true(active_at(&owner, now)->seq > active_at(&holder, now)->seq);
    }
}

static void a_clock_that_goes_back_by_an_interval_lets_the_first_record_begin_earlier(void **state)
{
    const struct stek_records before = new_ring(&policy);
    struct stek_records records = before;

    (void)state;
    assert_true(stek_records_due(&records, &policy, START - ROTATE_S));
    assert_int_equal(stek_records_advance(&records, &policy, START - ROTATE_S, &none), STEK_OK);
    assert_int_equal(records.count, before.count);
    assert_int_equal(records.at[0].active_from, START - ROTATE_S);
    assert_int_equal(records.at[0].active_until, before.at[0].active_until);
    assert_int_equal(records.at[0].accept_until, before.at[0].accept_until);
}

static void a_clock_that_goes_back_by_more_starts_the_ring_anew(void **state)
{
    const int64_t now = START - ROTATE_S - 1;
    const struct stek_fresh fresh = prng_fresh(2);
    const struct stek_records before = new_ring(&policy);
    struct stek_records records = before;

    (void)state;
    assert_int_equal(stek_records_advance(&records, &policy, now, &fresh), STEK_OK);
    assert_null(stek_records_problem(&records));
    assert_int_equal(active_at(&records, now)->active_from, now);
    assert_true(records.at[0].seq > before.at[2].seq);
    for (size_t i = 0; i < before.count; i++)
        assert_null(
            memmem(&records, sizeof records, &before.at[i].secret, sizeof before.at[i].secret));
}

static void a_time_out_of_range_is_refused(void **state)
{
    static const int64_t times[] = {INT64_MIN, -((int64_t)1 << 39) - 1, ((int64_t)1 << 39) + 1,
                                    INT64_MAX};
    const struct stek_fresh fresh = prng_fresh(2);
    const struct stek_records before = new_ring(&policy);

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct stek_records records = before;

        assert_int_equal(stek_records_advance(&records, &policy, times[i], &fresh),
                         STEK_ERR_ARGUMENT);
        assert_int_equal(stek_records_settle(&records, &policy, times[i]), STEK_ERR_BUSY);
        assert_memory_equal(&records, &before, sizeof records);
    }
}

static void the_first_and_the_last_time_in_range_work(void **state)
{
    const struct stek_fresh fresh = prng_fresh(2);
    struct stek_records records = new_ring(&policy);

    (void)state;
    assert_int_equal(stek_records_advance(&records, &policy, (int64_t)1 << 39, &fresh), STEK_OK);
    assert_null(stek_records_problem(&records));
    assert_int_equal(stek_records_advance(&records, &policy, -((int64_t)1 << 39), &fresh), STEK_OK);
    assert_null(stek_records_problem(&records));
}

/* A record a minute that opens for an hour, after three hours: 60 drain, one is active, one is
 * ahead. */
static struct stek_records crowded_ring(int64_t *ret_now)
{
    const struct stek_policy slow = {
        .rotate_s = 60, .accept_s = 3600, .max_session_age_s = 1, .ahead = 1};
    struct stek_records records = new_ring(&slow);

    for (int64_t minute = 1; minute <= 180; minute++) {
        const struct stek_fresh fresh = prng_fresh((uint64_t)minute + 1);
        *ret_now = START + minute * 60;
        assert_int_equal(stek_records_advance(&records, &slow, *ret_now, &fresh), STEK_OK);
    }
    assert_int_equal(records.count, 62);
    return records;
}

static const struct stek_policy hasty = {
    .rotate_s = 1, .accept_s = 60, .max_session_age_s = 1, .ahead = 2};

static void in_a_full_ring_a_record_seals_longer_rather_than_break_a_promise(void **state)
{
    int64_t now;
    struct stek_records records = crowded_ring(&now);
    const int64_t turned = records.at[records.count - 1].active_from;
    unsigned stretched = 0;

    (void)state;
    for (int64_t until = now + 2 * 3600; now < until; now++) {
        const struct stek_fresh fresh = prng_fresh((uint64_t)now);
        const struct stek_records before = records;
        assert_int_equal(stek_records_advance(&records, &hasty, now, &fresh), STEK_OK);
        for (size_t i = 0; i < before.count; i++)
            assert_int_equal(stek_records_hold_secret(&records, &before.at[i].secret),
                             before.at[i].accept_until > now);
        const struct stek_record *last = &records.at[records.count - 1];
        stretched +=
            last->active_from > turned && last->active_until - last->active_from > hasty.rotate_s;
    }
    assert_true(stretched > 0);
}

static void in_a_full_ring_holders_compute_the_same_as_an_owner_that_comes_by_late(void **state)
{
    int64_t now;
    const struct stek_records before = crowded_ring(&now);
    const int64_t ends = before.at[before.count - 1].active_until;

    (void)state;
    for (now = ends; now < ends + 200; now++) {
        struct stek_records owner = before;
        struct stek_records holder = before;

        assert_int_equal(stek_records_settle(&holder, &hasty, now), STEK_OK);
        assert_int_equal(stek_records_advance(&owner, &hasty, now, &none), STEK_OK);
        assert_memory_equal(active_at(&owner, now), active_at(&holder, now), sizeof *owner.at);
    }
}

static double cpu_ms(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* CPU time of the fastest of several wake-ups after `asleep_s`, in milliseconds. */
static double wake_ms(const struct stek_policy *of, int64_t asleep_s,
                      const struct stek_fresh *fresh)
{
    const struct stek_records before = new_ring(of);
    double best = 1e9;

    for (unsigned run = 0; run < 20; run++) {
        struct stek_records records = before;
        const double begun = cpu_ms();
        assert_int_equal(stek_records_advance(&records, of, START + asleep_s, fresh), STEK_OK);
        const double took = cpu_ms() - begun;
        best = took < best ? took : best;
    }
    return best;
}

static void a_ring_asleep_for_ten_years_wakes_in_under_a_millisecond(void **state)
{
    static const int64_t rotations[] = {1, 3600, 604800};
    const struct stek_fresh fresh = prng_fresh(2);

    (void)state;
    for (size_t i = 0; i < sizeof rotations / sizeof *rotations; i++) {
        const struct stek_policy slow = {
            .rotate_s = rotations[i], .accept_s = 1, .max_session_age_s = 1, .ahead = 16};
        const double took = wake_ms(&slow, (int64_t)10 * 365 * 86400, &fresh);
        printf("# rotate=%lds, asleep for 10 years: %.3f ms\n", (long)rotations[i], took);
        assert_true(!TIMES_COUNT || took < 1);
    }
}

/* The longest chain that a ring can have to follow: the hours that its last record opens, in
 * seconds. */
static void the_longest_chain_takes_a_few_milliseconds(void **state)
{
    const struct stek_fresh first = prng_fresh(1);
    const int64_t last_reached = START + 3600 + 256 - 1;
    struct stek_policy of = {
        .rotate_s = 3600, .accept_s = 3600, .max_session_age_s = 1, .ahead = 1};
    struct stek_fresh one = first;
    struct stek_records before = {0};
    double best = 1e9;

    (void)state;
    one.count = 1;
    assert_int_equal(stek_records_advance(&before, &of, START, &one), STEK_OK);
    of.rotate_s = of.accept_s = 1;
    for (unsigned run = 0; run < 20; run++) {
        struct stek_records records = before;
        const double begun = cpu_ms();
        assert_int_equal(stek_records_advance(&records, &of, last_reached, &none), STEK_OK);
        const double took = cpu_ms() - begun;
        best = took < best ? took : best;
        assert_int_equal(active_at(&records, last_reached)->seq, 257);
    }
    printf("# 256 continuations: %.3f ms\n", best);
    assert_true(!TIMES_COUNT || best < 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holder_waits_for_the_owner_when_there_are_no_records),
        cmocka_unit_test(a_holder_waits_for_the_owner_when_all_records_begin_later),
        cmocka_unit_test(a_holder_publishes_nothing),
        cmocka_unit_test(a_holder_drops_what_has_retired),
        cmocka_unit_test(a_holder_follows_the_chain_over_256_intervals_and_no_further),
        cmocka_unit_test(a_ring_that_slept_until_all_had_retired_goes_on_in_step_with_its_holders),
        cmocka_unit_test(
            a_ring_that_slept_for_longer_than_a_chain_is_continued_starts_anew_from_fresh_bytes),
        cmocka_unit_test(a_new_chain_has_a_seq_that_no_holder_of_the_old_one_has_reached),
        cmocka_unit_test(a_clock_that_goes_back_by_an_interval_lets_the_first_record_begin_earlier),
        cmocka_unit_test(a_clock_that_goes_back_by_more_starts_the_ring_anew),
        cmocka_unit_test(a_time_out_of_range_is_refused),
        cmocka_unit_test(the_first_and_the_last_time_in_range_work),
        cmocka_unit_test(in_a_full_ring_a_record_seals_longer_rather_than_break_a_promise),
        cmocka_unit_test(in_a_full_ring_holders_compute_the_same_as_an_owner_that_comes_by_late),
        cmocka_unit_test(a_ring_asleep_for_ten_years_wakes_in_under_a_millisecond),
        cmocka_unit_test(the_longest_chain_takes_a_few_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
