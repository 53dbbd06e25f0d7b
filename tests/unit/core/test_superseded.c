/* SPDX-License-Identifier: Apache-2.0 */
/* Records that a host sealed under while it was cut off, when another one turned out to be the
 * record of that seq. */
#include "unit.h"

#include "prng.h"

#include "core/schedule.h"

#include <string.h>

enum { ROTATE_S = 100, ACCEPT_S = 250 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 1000, .ahead = 2};
static struct prng prng = {1};

static struct stek_record record_of(uint64_t seq, enum stek_origin origin)
{
    return (struct stek_record){.seq = seq,
                                .active_from = (int64_t)seq * ROTATE_S,
                                .active_until = (int64_t)(seq + 1) * ROTATE_S,
                                .accept_until = (int64_t)(seq + 1) * ROTATE_S + ACCEPT_S,
                                .origin = origin,
                                .secret = prng_secret(&prng)};
}

/* Seqs 1 to 3, of which 2 and 3 were sealed under other secrets first. */
static struct stek_records healed_ring(void)
{
    static const struct {
        uint64_t seq;
        enum stek_origin origin;
    } all[] = {{1, STEK_ORIGIN_PUBLISHED},
               {3, STEK_ORIGIN_PUBLISHED},
               {3, STEK_ORIGIN_SUPERSEDED},
               {2, STEK_ORIGIN_SUPERSEDED},
               {2, STEK_ORIGIN_PUBLISHED}};
    struct stek_records records = {0};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct stek_record record = record_of(all[i].seq, all[i].origin);
        stek_records_insert(&records, &record);
    }
    return records;
}

static void records_are_inserted_in_the_order_of_their_seq_with_superseded_ones_first(void **state)
{
    const struct stek_records records = healed_ring();

    (void)state;
    assert_null(stek_records_problem(&records));
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(records.at[i].seq, (i + 3) / 2);
        assert_int_equal(records.at[i].origin,
                         i % 2 == 0 ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_SUPERSEDED);
    }
}

static void a_superseded_record_never_seals(void **state)
{
    struct stek_records records = healed_ring();

    (void)state;
    for (int64_t now = 0; now < 1000; now++) {
        const int active = stek_records_active(&records, now);
        assert_true(active < 0 || stek_record_counts(&records.at[active]));
        assert_true((active >= 0) == (now >= ROTATE_S && now < 4 * ROTATE_S));
    }
    stek_records_remove(&records, 4, 5);
    assert_int_equal(stek_records_active(&records, 3 * ROTATE_S), -1);
}

static void a_superseded_record_drains_until_it_retires(void **state)
{
    const struct stek_records records = healed_ring();

    (void)state;
    assert_int_equal(stek_record_state(&records, 3, 0), STEK_STATE_DRAINING);
    assert_int_equal(stek_record_state(&records, 3, 3 * ROTATE_S), STEK_STATE_DRAINING);
    assert_int_equal(stek_record_state(&records, 3, 4 * ROTATE_S + ACCEPT_S - 1),
                     STEK_STATE_DRAINING);
    assert_int_equal(stek_record_state(&records, 3, 4 * ROTATE_S + ACCEPT_S), STEK_STATE_RETIRED);
}

static void the_chain_goes_on_from_the_record_that_counts(void **state)
{
    struct stek_records one = healed_ring();
    struct stek_records other = {0};

    (void)state;
    for (size_t i = 0; i < one.count; i += 2) /* a host that was never cut off */
        stek_records_insert(&other, &one.at[i]);
    assert_int_equal(stek_records_settle(&one, &policy, 5 * ROTATE_S), STEK_OK);
    assert_int_equal(stek_records_settle(&other, &policy, 5 * ROTATE_S), STEK_OK);
    assert_int_equal(stek_records_last(&one)->seq, 5);
    assert_memory_equal(stek_records_last(&one), stek_records_last(&other), sizeof one.at[0]);
}

static void in_a_full_ring_superseded_records_give_way_first(void **state)
{
    struct stek_records records = {0};

    (void)state;
    for (uint64_t seq = 1; records.count < STEK_RECORDS_MAX; seq++) {
        const struct stek_record record =
            record_of(seq, seq == 30 || seq == 40 ? STEK_ORIGIN_SUPERSEDED : STEK_ORIGIN_PUBLISHED);
        stek_records_insert(&records, &record);
    }
    for (uint64_t seq = 65; seq <= 67; seq++) {
        const struct stek_record record = record_of(seq, STEK_ORIGIN_PUBLISHED);
        stek_records_insert(&records, &record);
        assert_int_equal(records.count, STEK_RECORDS_MAX);
        assert_int_equal(records.at[0].seq, seq < 67 ? 1 : 2);
        assert_int_equal(stek_records_last(&records)->seq, seq);
    }
    for (size_t i = 0; i < records.count; i++)
        assert_true(stek_record_counts(&records.at[i]));
}

static void a_ring_with_only_superseded_records_starts_anew(void **state)
{
    const struct stek_record record = record_of(5, STEK_ORIGIN_SUPERSEDED);
    const struct stek_fresh fresh = {
        .count = 3, .secret = {prng_secret(&prng), prng_secret(&prng), prng_secret(&prng)}};
    struct stek_records records = {0};

    (void)state;
    stek_records_insert(&records, &record);
    assert_null(stek_records_last(&records));
    assert_int_equal(stek_records_settle(&records, &policy, 550), STEK_ERR_BUSY);
    assert_int_equal(stek_records_advance(&records, &policy, 550, &fresh), STEK_OK);
    assert_null(stek_records_problem(&records));
    assert_true(stek_records_active(&records, 550) >= 0);
    assert_true(stek_records_hold_secret(&records, &record.secret));
}

static void a_superseded_record_that_counts_again_is_not_held_twice(void **state)
{
    struct stek_record record = record_of(5, STEK_ORIGIN_SUPERSEDED);
    struct stek_records records = healed_ring();
    const uint64_t before = records.count;

    (void)state;
    stek_records_insert(&records, &record);
    record.origin = STEK_ORIGIN_CONTINUED;
    stek_records_insert(&records, &record);
    assert_int_equal(records.count, before + 1);
    assert_null(stek_records_problem(&records));
    assert_non_null(stek_records_find(&records, 5));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_inserted_in_the_order_of_their_seq_with_superseded_ones_first),
        cmocka_unit_test(a_superseded_record_that_counts_again_is_not_held_twice),
        cmocka_unit_test(a_superseded_record_never_seals),
        cmocka_unit_test(a_superseded_record_drains_until_it_retires),
        cmocka_unit_test(the_chain_goes_on_from_the_record_that_counts),
        cmocka_unit_test(in_a_full_ring_superseded_records_give_way_first),
        cmocka_unit_test(a_ring_with_only_superseded_records_starts_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
