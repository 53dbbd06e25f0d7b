/* SPDX-License-Identifier: Apache-2.0 */
/* A ring gets another keeper: what it has sealed with goes on opening, and nothing else stays. */
#include "unit.h"

#include "prng.h"

#include "core/handover.h"

enum { ROTATE_S = 3600, ACCEPT_S = 43200, NOON = 1800000000 };

static struct prng prng = {1};

static struct stek_record record_of(uint64_t seq, int64_t from)
{
    return (struct stek_record){.seq = seq,
                                .active_from = from,
                                .active_until = from + ROTATE_S,
                                .accept_until = from + ROTATE_S + ACCEPT_S,
                                .origin = STEK_ORIGIN_PUBLISHED,
                                .secret = prng_secret(&prng)};
}

/* A draining, an active and a pending record; and one of another keeper. */
static struct stek_records mine;
static struct stek_records theirs;

static int setup(void **state)
{
    (void)state;
    mine = (struct stek_records){.count = 3,
                                 .at = {record_of(5, NOON - ROTATE_S - 60), record_of(6, NOON - 60),
                                        record_of(7, NOON + ROTATE_S)}};
    theirs = (struct stek_records){.count = 1, .at = {record_of(900, NOON - 10)}};
    return 0;
}

static void what_has_sealed_goes_on_opening_and_seals_no_more(void **state)
{
    const struct stek_records before = mine;

    (void)state;
    stek_records_hand_over(&mine, &theirs, true, NOON);
    assert_null(stek_records_problem(&mine));
    assert_int_equal(mine.count, 3);
    for (size_t i = 0; i < 2; i++)
        assert_true(stek_records_hold_secret(&mine, &before.at[i].secret));
    assert_false(stek_records_hold_secret(&mine, &before.at[2].secret));
    const int active = stek_records_active(&mine, NOON);
    assert_int_equal(mine.at[active].seq, 900);
    assert_int_equal(mine.at[0].origin, STEK_ORIGIN_SUPERSEDED);
}

static void it_opens_until_it_retires(void **state)
{
    const struct stek_secret32 first = mine.at[0].secret;
    const int64_t end = mine.at[0].accept_until;

    (void)state;
    stek_records_hand_over(&mine, &theirs, true, NOON);
    stek_records_hand_over(&mine, &theirs, false, end - 1);
    assert_true(stek_records_hold_secret(&mine, &first));
    stek_records_hand_over(&mine, &theirs, false, end);
    assert_false(stek_records_hold_secret(&mine, &first));
}

static void no_record_lies_below_the_first_of_the_new_keeper(void **state)
{
    (void)state;
    stek_records_hand_over(&mine, &theirs, true, NOON);
    for (size_t i = 0; i < mine.count; i++)
        assert_int_equal(mine.at[i].seq, 900);
}

static void only_a_change_of_keeper_takes_records_that_count(void **state)
{
    (void)state;
    stek_records_hand_over(&mine, &theirs, false, NOON);
    assert_int_equal(mine.count, 1);
}

static void a_secret_that_the_new_keeper_has_counts_there(void **state)
{
    (void)state;
    theirs.at[0].secret = mine.at[1].secret;
    stek_records_hand_over(&mine, &theirs, true, NOON);
    assert_null(stek_records_problem(&mine));
    assert_int_equal(mine.count, 2);
    assert_int_equal(stek_records_active(&mine, NOON), 1);
}

static void a_full_ring_of_the_new_keeper_loses_nothing(void **state)
{
    (void)state;
    theirs.count = 0;
    for (uint64_t i = 0; i < STEK_RECORDS_MAX; i++)
        stek_records_append(&theirs, &(struct stek_record){0});
    for (uint64_t i = 0; i < STEK_RECORDS_MAX; i++)
        theirs.at[i] = record_of(900 + i, NOON - 1000 + (int64_t)i);
    stek_records_hand_over(&mine, &theirs, true, NOON);
    assert_int_equal(mine.count, STEK_RECORDS_MAX);
    assert_memory_equal(&mine, &theirs, sizeof mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_has_sealed_goes_on_opening_and_seals_no_more, setup),
        cmocka_unit_test_setup(it_opens_until_it_retires, setup),
        cmocka_unit_test_setup(no_record_lies_below_the_first_of_the_new_keeper, setup),
        cmocka_unit_test_setup(only_a_change_of_keeper_takes_records_that_count, setup),
        cmocka_unit_test_setup(a_secret_that_the_new_keeper_has_counts_there, setup),
        cmocka_unit_test_setup(a_full_ring_of_the_new_keeper_loses_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
