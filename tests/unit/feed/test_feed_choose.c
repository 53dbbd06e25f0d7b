/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys a server is given, over the life of a ring, on a virtual clock. */
#include "unit.h"

#include "prng.h"

#include "core/schedule.h"
#include "feed/rules/choose.h"

enum { ROTATE_S = 100, ACCEPT_S = 300, START = 1000 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 86400, .ahead = 2};

/* What stekd does to a ring at `now`. */
static void keep(struct stek_records *records, struct prng *prng, int64_t now)
{
    struct stek_fresh fresh = {.count = 4};

    for (size_t i = 0; i < fresh.count; i++)
        fresh.secret[i] = prng_secret(prng);
    assert_int_equal(stek_records_advance(records, &policy, now, &fresh), STEK_OK);
}

/* A ring that has been kept for so many intervals. */
static struct stek_records ring_after(int intervals)
{
    struct stek_records records = {.count = 0};
    struct prng prng = {1};

    for (int i = 0; i <= intervals; i++)
        keep(&records, &prng, START + (int64_t)i * ROTATE_S);
    return records;
}

static int64_t after(int intervals)
{
    return START + (int64_t)intervals * ROTATE_S;
}

static uint64_t seq(const struct stek_records *records, const struct stek_feed_choice *choice,
                    size_t i)
{
    return records->at[choice->at[i]].seq;
}

static bool has(const struct stek_records *records, const struct stek_feed_choice *choice,
                uint64_t wanted)
{
    for (size_t i = 0; i < choice->count; i++)
        if (seq(records, choice, i) == wanted)
            return true;
    return false;
}

static uint64_t active_seq(const struct stek_records *records, int64_t now)
{
    return records->at[stek_records_active(records, now)].seq;
}

static void the_key_that_seals_comes_first_then_the_next_then_the_one_before(void **state)
{
    const struct stek_records records = ring_after(10);
    const uint64_t active = active_seq(&records, after(10));
    struct stek_feed_choice choice;

    (void)state;
    stek_feed_choose(&records, after(10), STEK_RECORDS_MAX, &choice);
    assert_int_equal(choice.count, records.count);
    assert_int_equal(seq(&records, &choice, 0), active);
    assert_int_equal(seq(&records, &choice, 1), active + 1);
    assert_int_equal(seq(&records, &choice, 2), active - 1);
    assert_int_equal(seq(&records, &choice, 3), active + 2);
    assert_int_equal(seq(&records, &choice, 4), active - 2);
    assert_int_equal(seq(&records, &choice, 5), active - 3);
}

static void what_finds_no_room_is_the_oldest(void **state)
{
    const struct stek_records records = ring_after(10);
    struct stek_feed_choice all, some;

    (void)state;
    stek_feed_choose(&records, after(10), STEK_RECORDS_MAX, &all);
    for (size_t room = 1; room <= all.count; room++) {
        stek_feed_choose(&records, after(10), room, &some);
        assert_int_equal(some.count, room);
        assert_memory_equal(some.at, all.at, room * sizeof *some.at);
    }
}

/* The promise: a key that seals anywhere has been handed over an interval before, and is held
 * until its tickets are over. */
static void every_key_is_handed_over_before_it_seals_and_as_long_as_it_opens(void **state)
{
    struct stek_records records = {.count = 0};
    struct prng prng = {2};

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct stek_feed_choice choice;
        keep(&records, &prng, after(i));
        stek_feed_choose(&records, after(i), STEK_RECORDS_MAX, &choice);
        const uint64_t active = active_seq(&records, after(i));
        assert_true(has(&records, &choice, active + 1));
        for (uint64_t age = 1; age <= 3 && age <= (uint64_t)i; age++)
            assert_true(has(&records, &choice, active - age));
    }
}

/* stekd is gone after five intervals; the holders of the ring continue it. */
static void without_stekd_the_continuation_is_handed_over_before_it_seals(void **state)
{
    struct stek_records records = ring_after(5);

    (void)state;
    for (int i = 6; i < 20; i++) {
        struct stek_records fed = records;
        struct stek_feed_choice choice;
        assert_int_equal(stek_records_settle(&fed, &policy, after(i) - 1), STEK_OK);
        assert_int_equal(stek_feed_foresee(&fed, &policy, after(i) - 1), STEK_OK);
        stek_feed_choose(&fed, after(i) - 1, STEK_RECORDS_MAX, &choice);
        assert_int_equal(stek_records_settle(&records, &policy, after(i)), STEK_OK);
        const struct stek_record *seals = &records.at[stek_records_active(&records, after(i))];
        assert_int_equal(seq(&fed, &choice, 1), seals->seq);
        assert_memory_equal(&fed.at[choice.at[1]].secret, &seals->secret, sizeof seals->secret);
    }
}

static void a_ring_with_future_keys_is_left_as_it_is(void **state)
{
    const struct stek_records before = ring_after(5);
    struct stek_records records = before;

    (void)state;
    assert_int_equal(stek_feed_foresee(&records, &policy, after(5)), STEK_OK);
    assert_memory_equal(&records, &before, sizeof records);
}

static void a_key_that_has_retired_is_handed_over_no_more(void **state)
{
    const struct stek_records records = ring_after(10);
    const uint64_t active = active_seq(&records, after(10));
    struct stek_feed_choice choice;

    (void)state;
    stek_feed_choose(&records, after(10) + 50, STEK_RECORDS_MAX, &choice);
    assert_true(has(&records, &choice, active - 3));
    stek_feed_choose(&records, after(11), STEK_RECORDS_MAX, &choice);
    assert_false(has(&records, &choice, active - 3));
}

static void a_ring_in_which_nothing_seals_gives_nothing(void **state)
{
    const struct stek_records records = ring_after(0);
    struct stek_feed_choice choice = {.count = 9};

    (void)state;
    stek_feed_choose(&records, START - 1, STEK_RECORDS_MAX, &choice);
    assert_int_equal(choice.count, 0);
    stek_feed_line_up(&records, START - 1, 3, &choice);
    assert_int_equal(choice.count, 0);
}

static void in_a_line_the_last_but_one_seals_and_the_last_is_next(void **state)
{
    const struct stek_records records = ring_after(10);
    const uint64_t active = active_seq(&records, after(10));
    struct stek_feed_choice choice;

    (void)state;
    stek_feed_line_up(&records, after(10), 3, &choice);
    assert_int_equal(choice.count, 3);
    assert_int_equal(seq(&records, &choice, 0), active - 1);
    assert_int_equal(seq(&records, &choice, 1), active);
    assert_int_equal(seq(&records, &choice, 2), active + 1);
    stek_feed_line_up(&records, after(10), 5, &choice);
    assert_int_equal(seq(&records, &choice, 0), active - 3);
    assert_int_equal(seq(&records, &choice, 2), active - 1);
    assert_int_equal(seq(&records, &choice, 3), active);
}

/* One interval on, the line is the old one moved by one place: one key is added. */
static void a_line_moves_by_one_place_at_each_rotation(void **state)
{
    struct stek_records records = {.count = 0};
    struct stek_feed_choice before, choice;
    struct prng prng = {3};
    uint64_t old[3] = {0};

    (void)state;
    for (int i = 0; i < 10; i++) {
        keep(&records, &prng, after(i));
        stek_feed_line_up(&records, after(i), 3, &choice);
        for (size_t k = 0; k < 2 && i > 1; k++)
            assert_int_equal(seq(&records, &choice, k), old[k + 1]);
        for (size_t k = 0; k < 3; k++)
            old[k] = seq(&records, &choice, k);
        before = choice;
    }
    assert_int_equal(before.count, 3);
}

static void a_young_ring_fills_the_line_with_keys_of_its_own(void **state)
{
    const struct stek_records records = ring_after(0);
    const uint64_t active = active_seq(&records, START);
    struct stek_feed_choice choice;

    (void)state;
    stek_feed_line_up(&records, START, 4, &choice);
    assert_int_equal(choice.count, 4);
    assert_int_equal(seq(&records, &choice, 0), active);
    assert_int_equal(seq(&records, &choice, 1), active + 2);
    assert_int_equal(seq(&records, &choice, 2), active);
    assert_int_equal(seq(&records, &choice, 3), active + 1);
}

static uint64_t early_seq(const struct stek_records *records, int64_t now)
{
    struct stek_feed_choice choice;

    stek_feed_choose_early(records, now, 80, &choice);
    assert_int_equal(choice.count, 1);
    return seq(records, &choice, 0);
}

static void a_file_of_one_key_has_the_next_one_some_time_before_it_seals(void **state)
{
    const struct stek_records records = ring_after(10);
    const uint64_t active = active_seq(&records, after(10));

    (void)state;
    assert_int_equal(early_seq(&records, after(10)), active);
    assert_int_equal(early_seq(&records, after(11) - 81), active);
    assert_int_equal(early_seq(&records, after(11) - 80), active + 1);
    assert_int_equal(early_seq(&records, after(11)), active + 1);
    assert_int_equal(early_seq(&records, after(12) - 81), active + 1);
}

/* So lighttpd, which keeps three keys, loses none to a key that it has already. */
static void a_file_of_one_key_changes_once_in_each_interval(void **state)
{
    struct stek_records records = {.count = 0};
    struct prng prng = {4};
    uint64_t before = 0;
    int changes = 0;

    (void)state;
    for (int64_t now = START; now < after(20); now++) {
        keep(&records, &prng, now);
        const uint64_t chosen = early_seq(&records, now);
        assert_true(before == 0 || chosen == before || chosen == before + 1);
        changes += chosen != before;
        before = chosen;
    }
    assert_int_equal(changes, 21);
}

static void a_file_of_one_key_never_has_the_next_but_one(void **state)
{
    const struct stek_records records = ring_after(10);
    struct stek_feed_choice choice;

    (void)state;
    stek_feed_choose_early(&records, after(10), (int64_t)10 * ROTATE_S, &choice);
    assert_int_equal(seq(&records, &choice, 0), active_seq(&records, after(10)) + 1);
    stek_feed_choose_early(&records, START - 1000, 80, &choice);
    assert_int_equal(choice.count, 0);
}

static void pauses_grow_and_stay_short(void **state)
{
    static const int64_t expected[] = {1, 1, 2, 4, 8, 10, 10};

    (void)state;
    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(stek_feed_pause_s(i), expected[i]);
    assert_int_equal(stek_feed_pause_s(1000000), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_that_seals_comes_first_then_the_next_then_the_one_before),
        cmocka_unit_test(what_finds_no_room_is_the_oldest),
        cmocka_unit_test(every_key_is_handed_over_before_it_seals_and_as_long_as_it_opens),
        cmocka_unit_test(without_stekd_the_continuation_is_handed_over_before_it_seals),
        cmocka_unit_test(a_ring_with_future_keys_is_left_as_it_is),
        cmocka_unit_test(a_key_that_has_retired_is_handed_over_no_more),
        cmocka_unit_test(a_ring_in_which_nothing_seals_gives_nothing),
        cmocka_unit_test(in_a_line_the_last_but_one_seals_and_the_last_is_next),
        cmocka_unit_test(a_line_moves_by_one_place_at_each_rotation),
        cmocka_unit_test(a_young_ring_fills_the_line_with_keys_of_its_own),
        cmocka_unit_test(a_file_of_one_key_has_the_next_one_some_time_before_it_seals),
        cmocka_unit_test(a_file_of_one_key_changes_once_in_each_interval),
        cmocka_unit_test(a_file_of_one_key_never_has_the_next_but_one),
        cmocka_unit_test(pauses_grow_and_stay_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
