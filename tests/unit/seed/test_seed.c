/* SPDX-License-Identifier: Apache-2.0 */
/* Rings without a store: hosts that were given the same seed, at whatever time, agree. */
#include "unit.h"

#include "prng.h"

#include "core/policy.h"
#include "crypto/derive.h"
#include "seed/seed.h"

#include <string.h>

enum { ROUNDS = 300, FROM = 1800000000 };

static struct prng prng;

static struct stek_seed some_seed(void)
{
    struct stek_seed seed = {
        .ring = "web", .seq = (uint64_t)prng_scale(&prng, 1000000), .active_from = FROM};

    seed.rotate_s = prng_scale(&prng, STEK_ROTATE_MAX_S);
    seed.accept_s = seed.rotate_s * prng_between(&prng, 1, 20);
    seed.secret = prng_secret(&prng);
    return seed;
}

static void seeds_equal(const struct stek_seed *one, const struct stek_seed *other)
{
    assert_int_equal(one->seq, other->seq);
    assert_int_equal(one->active_from, other->active_from);
    assert_memory_equal(&one->secret, &other->secret, sizeof one->secret);
}

static void a_seed_that_is_advanced_often_and_one_that_slept_are_the_same(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct stek_seed awake = some_seed();
        struct stek_seed asleep = awake;
        int64_t now = FROM;

        for (unsigned step = 0; step < 20; step++) {
            now += prng_between(&prng, 0, 3 * awake.rotate_s);
            assert_int_equal(stek_seed_advance(&awake, now), STEK_OK);
        }
        assert_int_equal(stek_seed_advance(&asleep, now), STEK_OK);
        seeds_equal(&awake, &asleep);
    }
}

/* The record of this seq, or NULL. */
static const struct stek_record *find(const struct stek_records *records, uint64_t seq)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->at[i].seq == seq)
            return &records->at[i];
    return NULL;
}

static void two_hosts_with_the_same_seed_agree_on_every_record_that_both_hold(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct stek_seed one = some_seed();
        struct stek_seed other = one;
        struct stek_records of_one;
        struct stek_records of_other;
        const int64_t now = FROM + prng_scale(&prng, 300 * one.rotate_s);
        const int64_t then = now + prng_between(&prng, 0, one.rotate_s - 1); /* clocks differ */

        if (prng_one_in(&prng, 2)) /* it was given the seed's state of some earlier time */
            assert_int_equal(stek_seed_advance(&other, prng_between(&prng, FROM, now)), STEK_OK);
        assert_int_equal(stek_seed_records(&one, 2, now, &of_one), STEK_OK);
        assert_int_equal(stek_seed_records(&other, 2, then, &of_other), STEK_OK);
        assert_null(stek_records_problem(&of_one));
        const int active = stek_records_active(&of_one, now);
        assert_true(active >= 0);
        assert_non_null(
            find(&of_other, of_one.at[active].seq)); /* what one seals with, the other opens */
        for (size_t r = 0; r < of_one.count; r++) {
            const struct stek_record *same = find(&of_other, of_one.at[r].seq);
            if (same != NULL)
                assert_memory_equal(same, &of_one.at[r], sizeof *same);
        }
    }
}

static void a_ring_of_a_seed_holds_what_opens_and_what_is_ahead(void **state)
{
    const struct stek_seed seed = {.ring = "web",
                                   .rotate_s = 100,
                                   .accept_s = 250,
                                   .seq = 7,
                                   .active_from = FROM,
                                   .secret = prng_secret(&prng)};
    struct stek_records records;

    (void)state;
    assert_int_equal(stek_seed_records(&seed, 2, FROM, &records), STEK_OK);
    assert_int_equal(records.count, 3);
    assert_int_equal(stek_seed_records(&seed, 2, FROM + 349, &records), STEK_OK);
    assert_int_equal(records.count, 6);
    assert_int_equal(records.at[0].seq, 7);
    assert_int_equal(stek_seed_records(&seed, 2, FROM + 350, &records), STEK_OK);
    assert_int_equal(records.at[0].seq, 8);
    assert_int_equal(stek_records_active(&records, FROM + 350), 2);
}

static void advancing_destroys_the_past(void **state)
{
    struct stek_seed seed = some_seed();
    const struct stek_seed before = seed;
    struct stek_secret32 next;

    (void)state;
    assert_int_equal(stek_seed_advance(&seed, stek_seed_due(&seed) - 1), STEK_OK);
    seeds_equal(&seed, &before);
    assert_int_equal(stek_seed_advance(&seed, stek_seed_due(&seed)), STEK_OK);
    assert_int_equal(seed.seq, before.seq + 1);
    assert_int_equal(stek_derive_continuation(&before.secret, &next), STEK_OK);
    assert_memory_equal(&seed.secret, &next, sizeof next);
}

static void a_seed_of_a_later_time_waits_for_it(void **state)
{
    struct stek_seed seed = some_seed();
    const struct stek_seed before = seed;
    struct stek_records records;

    (void)state;
    assert_int_equal(stek_seed_advance(&seed, FROM - 1000000), STEK_OK);
    seeds_equal(&seed, &before);
    assert_int_equal(stek_seed_records(&seed, 2, FROM - 1000000, &records), STEK_OK);
    assert_int_equal(stek_records_active(&records, FROM - 1000000), -1);
    assert_int_equal(records.count, 2);
}

static void a_seed_of_long_ago_is_out_of_reach(void **state)
{
    struct stek_seed seed = {
        .rotate_s = 1, .accept_s = 1, .seq = 1, .active_from = FROM, .secret = prng_secret(&prng)};
    const struct stek_seed before = seed;

    (void)state;
    assert_int_equal(stek_seed_advance(&seed, FROM + STEK_SEED_STEPS_MAX + 10), STEK_ERR_BUSY);
    seeds_equal(&seed, &before);
}

static void a_seed_with_more_records_than_a_ring_holds_is_refused(void **state)
{
    struct stek_seed seed = {
        .rotate_s = 1, .accept_s = 63, .seq = 1, .active_from = FROM, .secret = prng_secret(&prng)};
    struct stek_records records;

    (void)state;
    assert_int_equal(stek_seed_records(&seed, 2, FROM + 200, &records), STEK_ERR_POLICY);
}

static void text_of(const struct stek_seed *seed, char text[STEK_SEED_TEXT_MAX], size_t *ret_len)
{
    memset(text, 0, STEK_SEED_TEXT_MAX);
    assert_int_equal(stek_seed_format(seed, text, ret_len), STEK_OK);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct stek_seed seed = some_seed();
        struct stek_seed again = {0};
        char text[STEK_SEED_TEXT_MAX];
        size_t len;

        if (seed.accept_s > STEK_ACCEPT_MAX_S)
            seed.accept_s = STEK_ACCEPT_MAX_S;
        text_of(&seed, text, &len);
        assert_null(stek_seed_parse(text, len, &again));
        assert_memory_equal(&again, &seed, sizeof seed);
    }
}

/* Every byte of a seed matters: whatever is changed, it is refused or another seed, never this
 * one's secret quietly bent. */
static void no_changed_byte_bends_the_secret(void **state)
{
    struct stek_seed seed = {
        .ring = "web", .rotate_s = 3600, .accept_s = 43200, .seq = 17, .active_from = FROM};
    char text[STEK_SEED_TEXT_MAX];
    size_t len;

    (void)state;
    seed.secret = prng_secret(&prng);
    text_of(&seed, text, &len);
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct stek_seed other = {.seq = 4242};
            text[i] = (char)(text[i] ^ 1 << bit);
            if (stek_seed_parse(text, len, &other) == NULL)
                assert_memory_equal(&other.secret, &seed.secret, sizeof seed.secret);
            else
                assert_int_equal(other.seq, 4242);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    for (size_t cut = 0; cut < len; cut++) {
        struct stek_seed other = {.seq = 4242};
        assert_non_null(stek_seed_parse(text, cut, &other));
        assert_int_equal(other.seq, 4242);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_that_is_advanced_often_and_one_that_slept_are_the_same),
        cmocka_unit_test(two_hosts_with_the_same_seed_agree_on_every_record_that_both_hold),
        cmocka_unit_test(a_ring_of_a_seed_holds_what_opens_and_what_is_ahead),
        cmocka_unit_test(advancing_destroys_the_past),
        cmocka_unit_test(a_seed_of_a_later_time_waits_for_it),
        cmocka_unit_test(a_seed_of_long_ago_is_out_of_reach),
        cmocka_unit_test(a_seed_with_more_records_than_a_ring_holds_is_refused),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(no_changed_byte_bends_the_secret),
    };

    prng.state = prng_run_seed();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
