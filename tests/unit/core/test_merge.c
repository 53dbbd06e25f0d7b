/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "core/merge.h"

#include <string.h>

enum { ROUNDS = 20000 };

static struct stek_records one_record(struct stek_record record)
{
    struct stek_records records = {.count = 1};

    records.at[0] = record;
    return records;
}

static struct stek_record record_of(uint64_t seq, enum stek_origin origin, uint8_t secret)
{
    return (struct stek_record){.seq = seq,
                                .active_from = (int64_t)seq * 100,
                                .active_until = (int64_t)seq * 100 + 100,
                                .accept_until = (int64_t)seq * 100 + 150,
                                .origin = origin,
                                .secret = {{secret}}};
}

static struct stek_records merged(struct stek_records a, const struct stek_records *b)
{
    stek_records_merge(&a, b);
    return a;
}

static void assert_same(const struct stek_records *a, const struct stek_records *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

/* Merges both ways round, and expects the same record each time. */
static void assert_stays(struct stek_record stays, struct stek_record goes)
{
    const struct stek_records a = one_record(stays);
    const struct stek_records b = one_record(goes);
    const struct stek_records ab = merged(a, &b);
    const struct stek_records ba = merged(b, &a);

    assert_same(&ab, &a);
    assert_same(&ba, &a);
}

/* A record of which another holder may have a different one: few secrets, few times, both origins.
 */
static struct stek_record disputed_record(struct prng *prng, uint64_t seq)
{
    struct stek_record record = record_of(seq, STEK_ORIGIN_PUBLISHED, 1);

    record.origin = prng_one_in(prng, 2) ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_CONTINUED;
    record.secret.bytes[prng_one_in(prng, 2) ? 0 : 31] = (uint8_t)prng_between(prng, 0, 2) * 100;
    record.active_from += prng_between(prng, -1, 1);
    record.active_until += prng_between(prng, -1, 1);
    record.accept_until += prng_between(prng, -1, 1);
    return record;
}

/* Up to 64 records; holders of the same `base` overlap in most of them. */
static struct stek_records random_records(struct prng *prng, uint64_t base)
{
    struct stek_records records = {0};
    const uint64_t wanted =
        prng_one_in(prng, 4) ? STEK_RECORDS_MAX : (uint64_t)prng_between(prng, 0, STEK_RECORDS_MAX);
    uint64_t seq = base + (uint64_t)prng_between(prng, 0, 40);

    for (; records.count < wanted; seq += (uint64_t)prng_between(prng, 1, 2)) {
        const struct stek_record record = disputed_record(prng, seq);
        stek_records_append(&records, &record);
    }
    return records;
}

static void a_published_record_wins_over_a_continuation(void **state)
{
    (void)state;
    assert_stays(record_of(7, STEK_ORIGIN_PUBLISHED, 9), record_of(7, STEK_ORIGIN_CONTINUED, 1));
    assert_stays(record_of(7, STEK_ORIGIN_PUBLISHED, 1), record_of(7, STEK_ORIGIN_CONTINUED, 9));
}

static void between_two_of_one_origin_the_lower_secret_stays(void **state)
{
    struct stek_record low = record_of(7, STEK_ORIGIN_CONTINUED, 1);
    struct stek_record high = low;

    (void)state;
    assert_stays(record_of(7, STEK_ORIGIN_PUBLISHED, 127),
                 record_of(7, STEK_ORIGIN_PUBLISHED, 128));
    high.secret.bytes[31]++;
    low.active_from += 9; /* times come after */
    assert_stays(low, high);
}

static void between_two_of_one_secret_the_earlier_times_stay(void **state)
{
    const struct stek_record early = record_of(7, STEK_ORIGIN_PUBLISHED, 1);
    struct stek_record late = early;

    (void)state;
    late.accept_until++;
    assert_stays(early, late);
    late.active_until++;
    late.accept_until = early.accept_until - 1;
    assert_stays(early, late);
    late.active_from++;
    late.active_until = early.active_until - 1;
    assert_stays(early, late);
}

static void times_before_1970_come_before_those_after(void **state)
{
    struct stek_record early = record_of(7, STEK_ORIGIN_PUBLISHED, 1);
    const struct stek_record late = early;

    (void)state;
    early.active_from = -1;
    assert_stays(early, late);
}

static void what_only_one_holder_knows_is_kept(void **state)
{
    const struct stek_records a = one_record(record_of(1, STEK_ORIGIN_CONTINUED, 1));
    const struct stek_records b = one_record(record_of(3, STEK_ORIGIN_PUBLISHED, 3));
    const struct stek_records both = merged(b, &a);

    (void)state;
    assert_int_equal(both.count, 2);
    assert_memory_equal(&both.at[0], &a.at[0], sizeof a.at[0]);
    assert_memory_equal(&both.at[1], &b.at[0], sizeof b.at[0]);
}

static void of_more_than_64_the_highest_seqs_stay(void **state)
{
    struct stek_records low = {0};
    struct stek_records high = {0};

    (void)state;
    for (uint64_t i = 0; i < STEK_RECORDS_MAX; i++) {
        const struct stek_record of_low = record_of(1 + 2 * i, STEK_ORIGIN_PUBLISHED, 1);
        const struct stek_record of_high = record_of(2 + 2 * i, STEK_ORIGIN_CONTINUED, 2);
        stek_records_append(&low, &of_low);
        stek_records_append(&high, &of_high);
    }
    const struct stek_records both = merged(low, &high);
    assert_int_equal(both.count, STEK_RECORDS_MAX);
    for (uint64_t i = 0; i < STEK_RECORDS_MAX; i++)
        assert_int_equal(both.at[i].seq, 65 + i);
}

static void free_places_hold_no_byte(void **state)
{
    static const struct stek_record wiped;
    struct stek_records a = one_record(record_of(1, STEK_ORIGIN_PUBLISHED, 1));
    struct stek_records b = one_record(record_of(1, STEK_ORIGIN_CONTINUED, 2));

    (void)state;
    memset(&a.at[1], 0xee, sizeof a.at[1]);
    memset(&b.at[1], 0xee, sizeof b.at[1]);
    stek_records_merge(&a, &b);
    for (size_t i = 1; i < STEK_RECORDS_MAX; i++)
        assert_memory_equal(&a.at[i], &wiped, sizeof wiped);
}

static void a_ring_merged_with_itself_stays_what_it_is(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct stek_records a = random_records(&prng, 1);
        struct stek_records itself = a;

        stek_records_merge(&itself, &itself);
        assert_same(&itself, &a);
    }
}

static void what_was_merged_before_changes_nothing(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct stek_records a = random_records(&prng, 1);
        const struct stek_records b = random_records(&prng, 1);
        const struct stek_records ab = merged(a, &b);
        const struct stek_records again = merged(ab, &b);

        assert_same(&again, &ab);
    }
}

static void holders_may_merge_in_either_direction(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct stek_records a = random_records(&prng, 1);
        const struct stek_records b =
            random_records(&prng, 1 + (uint64_t)prng_between(&prng, 0, 60));
        const struct stek_records ab = merged(a, &b);
        const struct stek_records ba = merged(b, &a);

        assert_same(&ab, &ba);
    }
}

static void holders_may_merge_in_any_order(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct stek_records a = random_records(&prng, 1);
        const struct stek_records b =
            random_records(&prng, 1 + (uint64_t)prng_between(&prng, 0, 60));
        const struct stek_records c =
            random_records(&prng, 1 + (uint64_t)prng_between(&prng, 0, 60));
        const struct stek_records ab = merged(a, &b);
        const struct stek_records bc = merged(b, &c);
        const struct stek_records ab_c = merged(ab, &c);
        const struct stek_records a_bc = merged(a, &bc);

        assert_same(&ab_c, &a_bc);
    }
}

static void seqs_rise_in_what_was_merged(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct stek_records a = random_records(&prng, 1);
        const struct stek_records b = random_records(&prng, 1);
        const struct stek_records ab = merged(a, &b);

        assert_true(ab.count >= a.count && ab.count >= b.count && ab.count <= STEK_RECORDS_MAX);
        for (size_t i = 1; i < ab.count; i++)
            assert_true(ab.at[i - 1].seq < ab.at[i].seq);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_record_wins_over_a_continuation),
        cmocka_unit_test(between_two_of_one_origin_the_lower_secret_stays),
        cmocka_unit_test(between_two_of_one_secret_the_earlier_times_stay),
        cmocka_unit_test(times_before_1970_come_before_those_after),
        cmocka_unit_test(what_only_one_holder_knows_is_kept),
        cmocka_unit_test(of_more_than_64_the_highest_seqs_stay),
        cmocka_unit_test(free_places_hold_no_byte),
        cmocka_unit_test(a_ring_merged_with_itself_stays_what_it_is),
        cmocka_unit_test(what_was_merged_before_changes_nothing),
        cmocka_unit_test(holders_may_merge_in_either_direction),
        cmocka_unit_test(holders_may_merge_in_any_order),
        cmocka_unit_test(seqs_rise_in_what_was_merged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
