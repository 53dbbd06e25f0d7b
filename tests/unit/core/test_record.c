/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "core/record.h"

#include <string.h>

/* Three records of 100 s each, that open for 50 s more: [0, 100) + 50, [100, 200) + 50, [200, 300)
 * + 50. */
enum { ROTATE_S = 100, ACCEPT_S = 50 };

static struct stek_records three_records(void)
{
    struct stek_records records = {.count = 3};
    struct prng prng = {1};

    for (uint64_t i = 0; i < 3; i++)
        records.at[i] = (struct stek_record){.seq = i + 1,
                                             .active_from = (int64_t)i * ROTATE_S,
                                             .active_until = (int64_t)(i + 1) * ROTATE_S,
                                             .accept_until = (int64_t)(i + 1) * ROTATE_S + ACCEPT_S,
                                             .origin = STEK_ORIGIN_PUBLISHED,
                                             .secret = prng_secret(&prng)};
    return records;
}

static void assert_states_at(int64_t now, enum stek_state first, enum stek_state second,
                             enum stek_state third)
{
    const struct stek_records records = three_records();

    assert_int_equal(stek_record_state(&records, 0, now), first);
    assert_int_equal(stek_record_state(&records, 1, now), second);
    assert_int_equal(stek_record_state(&records, 2, now), third);
}

static void a_state_includes_its_first_second_and_excludes_its_end(void **state)
{
    (void)state;
    assert_states_at(-1, STEK_STATE_PENDING, STEK_STATE_PENDING, STEK_STATE_PENDING);
    assert_states_at(0, STEK_STATE_ACTIVE, STEK_STATE_PENDING, STEK_STATE_PENDING);
    assert_states_at(99, STEK_STATE_ACTIVE, STEK_STATE_PENDING, STEK_STATE_PENDING);
    assert_states_at(100, STEK_STATE_DRAINING, STEK_STATE_ACTIVE, STEK_STATE_PENDING);
    assert_states_at(149, STEK_STATE_DRAINING, STEK_STATE_ACTIVE, STEK_STATE_PENDING);
    assert_states_at(150, STEK_STATE_RETIRED, STEK_STATE_ACTIVE, STEK_STATE_PENDING);
    assert_states_at(199, STEK_STATE_RETIRED, STEK_STATE_ACTIVE, STEK_STATE_PENDING);
    assert_states_at(200, STEK_STATE_RETIRED, STEK_STATE_DRAINING, STEK_STATE_ACTIVE);
    assert_states_at(300, STEK_STATE_RETIRED, STEK_STATE_RETIRED, STEK_STATE_DRAINING);
    assert_states_at(350, STEK_STATE_RETIRED, STEK_STATE_RETIRED, STEK_STATE_RETIRED);
}

static void the_active_record_is_the_one_whose_interval_holds_now(void **state)
{
    const struct stek_records records = three_records();

    (void)state;
    assert_int_equal(stek_records_active(&records, -1), -1);
    assert_int_equal(stek_records_active(&records, 0), 0);
    assert_int_equal(stek_records_active(&records, 100), 1);
    assert_int_equal(stek_records_active(&records, 299), 2);
    assert_int_equal(stek_records_active(&records, 300), -1);
    assert_int_equal(stek_records_active(&records, INT64_MIN), -1);
    assert_int_equal(stek_records_active(&records, INT64_MAX), -1);
}

static void no_record_is_active_in_an_empty_ring(void **state)
{
    const struct stek_records records = {0};

    (void)state;
    assert_int_equal(stek_records_active(&records, 0), -1);
}

static void of_two_that_overlap_the_one_with_the_higher_seq_seals(void **state)
{
    struct stek_records records = three_records();

    (void)state;
    records.at[1].active_from = 40;
    assert_int_equal(stek_records_active(&records, 39), 0);
    assert_int_equal(stek_record_state(&records, 1, 39), STEK_STATE_PENDING);
    assert_int_equal(stek_records_active(&records, 40), 1);
    assert_int_equal(stek_record_state(&records, 0, 40), STEK_STATE_DRAINING);
}

static void a_record_that_a_later_one_ended_does_not_seal_again(void **state)
{
    struct stek_records records = three_records();

    (void)state;
    records.count = 2;
    records.at[0].active_until = 1000;
    assert_int_equal(stek_records_active(&records, 200), -1);
    assert_int_equal(stek_record_state(&records, 0, 200), STEK_STATE_RETIRED);
    records.at[0].accept_until = 1000;
    assert_int_equal(stek_record_state(&records, 0, 200), STEK_STATE_DRAINING);
}

static void between_records_with_a_gap_none_is_active(void **state)
{
    struct stek_records records = three_records();

    (void)state;
    stek_records_remove(&records, 1, 2);
    assert_int_equal(stek_records_active(&records, 99), 0);
    assert_int_equal(stek_records_active(&records, 100), -1);
    assert_int_equal(stek_records_active(&records, 199), -1);
    assert_int_equal(stek_records_active(&records, 200), 1);
}

static void a_secret_of_any_record_is_held_and_no_other(void **state)
{
    const struct stek_records records = three_records();
    struct stek_secret32 secret;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        secret = records.at[i].secret;
        assert_true(stek_records_hold_secret(&records, &secret));
        secret.bytes[31] ^= 1;
        assert_false(stek_records_hold_secret(&records, &secret));
    }
}

static void a_record_is_added_at_the_end(void **state)
{
    struct stek_records records = three_records();
    const struct stek_record added = {.seq = 9, .secret = {{1, 2, 3}}};

    (void)state;
    stek_records_append(&records, &added);
    assert_int_equal(records.count, 4);
    assert_memory_equal(&records.at[3], &added, sizeof added);
}

static void removed_records_are_gone_and_the_rest_moves_up(void **state)
{
    const struct stek_records before = three_records();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stek_records records = before;

        stek_records_remove(&records, i, i + 1);
        assert_int_equal(records.count, 2);
        for (size_t j = 0; j < 2; j++)
            assert_memory_equal(&records.at[j], &before.at[j < i ? j : j + 1], sizeof *records.at);
    }
}

static void freed_places_are_wiped(void **state)
{
    static const struct stek_record wiped;

    (void)state;
    for (size_t from = 0; from < 3; from++)
        for (size_t until = from; until <= 3; until++) {
            struct stek_records records = three_records();

            stek_records_remove(&records, from, until);
            assert_int_equal(records.count, 3 - (until - from));
            for (uint64_t i = records.count; i < STEK_RECORDS_MAX; i++)
                assert_memory_equal(&records.at[i], &wiped, sizeof wiped);
        }
}

static void assert_view(int64_t now, int64_t valid_from, int64_t valid_until, int active)
{
    const struct stek_records records = three_records();
    struct stek_view view;

    stek_records_view(&records, now, &view);
    assert_int_equal(view.valid_from, valid_from);
    assert_int_equal(view.valid_until, valid_until);
    assert_int_equal(view.active, active);
}

static void a_view_reaches_to_the_next_change_of_state_on_either_side(void **state)
{
    (void)state;
    assert_view(-1, INT64_MIN, 0, -1);
    assert_view(0, 0, 100, 0);
    assert_view(99, 0, 100, 0);
    assert_view(100, 100, 150, 1);
    assert_view(149, 100, 150, 1);
    assert_view(150, 150, 200, 1);
    assert_view(260, 250, 300, 2);
    assert_view(300, 300, 350, -1);
    assert_view(350, 350, INT64_MAX, -1);
    assert_view(INT64_MAX, 350, INT64_MAX, -1);
    assert_view(INT64_MIN, INT64_MIN, 0, -1);
}

static void a_view_of_no_records_is_valid_forever(void **state)
{
    struct stek_view view;

    (void)state;
    stek_records_view(&(struct stek_records){0}, 7, &view);
    assert_int_equal(view.valid_from, INT64_MIN);
    assert_int_equal(view.valid_until, INT64_MAX);
    assert_int_equal(view.active, -1);
}

static void states_are_the_same_in_all_of_a_view(void **state)
{
    const struct stek_records records = three_records();

    (void)state;
    for (int64_t now = -10; now < 360; now++) {
        struct stek_view view;

        stek_records_view(&records, now, &view);
        assert_true(view.valid_from <= now && now < view.valid_until);
        for (int64_t other = -10; other < 360; other++)
            for (size_t i = 0; other >= view.valid_from && other < view.valid_until && i < 3; i++)
                assert_int_equal(stek_record_state(&records, i, other),
                                 stek_record_state(&records, i, now));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_includes_its_first_second_and_excludes_its_end),
        cmocka_unit_test(the_active_record_is_the_one_whose_interval_holds_now),
        cmocka_unit_test(no_record_is_active_in_an_empty_ring),
        cmocka_unit_test(of_two_that_overlap_the_one_with_the_higher_seq_seals),
        cmocka_unit_test(a_record_that_a_later_one_ended_does_not_seal_again),
        cmocka_unit_test(between_records_with_a_gap_none_is_active),
        cmocka_unit_test(a_secret_of_any_record_is_held_and_no_other),
        cmocka_unit_test(a_record_is_added_at_the_end),
        cmocka_unit_test(removed_records_are_gone_and_the_rest_moves_up),
        cmocka_unit_test(freed_places_are_wiped),
        cmocka_unit_test(a_view_reaches_to_the_next_change_of_state_on_either_side),
        cmocka_unit_test(a_view_of_no_records_is_valid_forever),
        cmocka_unit_test(states_are_the_same_in_all_of_a_view),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
