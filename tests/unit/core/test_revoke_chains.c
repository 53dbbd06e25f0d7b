/* SPDX-License-Identifier: Apache-2.0 */
/* Which records are of one chain is computed: neither their origin nor gaps in their seq hide it.
 */
#include "unit.h"

#include "prng.h"

#include "core/revoke.h"
#include "crypto/derive.h"

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 1000, NOW = START + 349 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 1, .ahead = 2};

static struct stek_record record_of(uint64_t seq, enum stek_origin origin,
                                    struct stek_secret32 secret)
{
    const int64_t from = START + ((int64_t)seq - 1) * ROTATE_S;

    return (struct stek_record){.seq = seq,
                                .active_from = from,
                                .active_until = from + ROTATE_S,
                                .accept_until = from + ROTATE_S + ACCEPT_S,
                                .origin = origin,
                                .secret = secret};
}

static struct stek_secret32 continued(struct stek_secret32 secret, unsigned steps)
{
    while (steps-- > 0)
        assert_int_equal(stek_derive_continuation(&secret, &secret), STEK_OK);
    return secret;
}

/*
 * A host was cut off after 1: it continued to 2 and 3, while others published those. At NOW 4 is
 * active, 5 and 6 are ahead: 1, 2 (superseded), 2, 3 (superseded), 3, 4, 5, 6.
 */
static struct stek_records ring_that_was_cut_off(void)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    for (uint64_t seq = 1; seq <= 6; seq++) {
        const struct stek_record published =
            record_of(seq, STEK_ORIGIN_PUBLISHED, fresh.secret[seq]);
        const struct stek_record own =
            record_of(seq, STEK_ORIGIN_SUPERSEDED, continued(fresh.secret[1], (unsigned)seq - 1));
        if (seq == 2 || seq == 3)
            stek_records_append(&records, &own);
        stek_records_append(&records, &published);
    }
    assert_null(stek_records_problem(&records));
    return records;
}

static uint64_t revoke_key(struct stek_records *records, uint64_t seq)
{
    const struct stek_revocation what = {.which = STEK_REVOKE_KEY, .seq = seq};
    const struct stek_fresh fresh = prng_fresh(7);
    uint64_t count;

    assert_int_equal(stek_records_revoke(records, &what, &policy, NOW, &fresh, &count), STEK_OK);
    assert_null(stek_records_problem(records));
    assert_true(stek_records_active(records, NOW) >= 0);
    return count;
}

static void superseded_records_go_with_what_they_were_continued_from(void **state)
{
    const struct stek_records before = ring_that_was_cut_off();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 1), 3);
    for (size_t i = 0; i < before.count; i++)
        assert_int_equal(stek_records_hold_secret(&records, &before.at[i].secret),
                         before.at[i].seq > 1 && stek_record_counts(&before.at[i]));
}

static void the_published_record_that_took_its_place_is_of_another_chain(void **state)
{
    const struct stek_records before = ring_that_was_cut_off();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 4), 1);
    assert_int_equal(records.at[0].seq, 1);
    assert_int_equal(records.at[1].origin, STEK_ORIGIN_SUPERSEDED);
}

static void all_records_of_a_seq_go(void **state)
{
    const struct stek_records before = ring_that_was_cut_off();
    struct stek_records records = before;

    (void)state;
    assert_int_equal(revoke_key(&records, 3),
                     4); /* both of 3, and with the superseded one 1 and 2 */
    assert_true(stek_records_find(&records, 2) != NULL && stek_records_find(&records, 3) == NULL);
}

/* A settled continuation is what is published later under its seq. */
static void a_published_record_that_was_a_continuation_is_found(void **state)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    (void)state;
    for (uint64_t seq = 3; seq <= 5; seq++) {
        const struct stek_record record =
            record_of(seq, STEK_ORIGIN_PUBLISHED,
                      seq == 5 ? fresh.secret[5] : continued(fresh.secret[1], (unsigned)seq - 1));
        stek_records_append(&records, &record);
    }
    assert_int_equal(revoke_key(&records, 4), 2);
    assert_int_equal(records.at[0].seq, 5);
}

/* After accept was cut, a later record of a chain may have retired before an earlier one. */
static void a_gap_does_not_hide_a_chain(void **state)
{
    const struct stek_fresh fresh = prng_fresh(1);
    struct stek_records records = {0};

    (void)state;
    for (uint64_t seq = 1; seq <= 4; seq += 3) {
        const struct stek_record record =
            record_of(seq, seq == 1 ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_CONTINUED,
                      continued(fresh.secret[1], (unsigned)seq - 1));
        stek_records_append(&records, &record);
    }
    assert_int_equal(revoke_key(&records, 1), 2);
    assert_true(records.at[0].seq > 4);
}

/* Each holder continues over at most 256 intervals at once, but may do so again and again. */
static void a_chain_may_be_longer_than_is_continued_at_once(void **state)
{
    const struct stek_fresh fresh = prng_fresh(1);
    const uint64_t seqs[] = {1, 200, 400, 401};
    struct stek_records records = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct stek_record record =
            record_of(i + 1, i == 0 ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_CONTINUED,
                      continued(fresh.secret[1], (unsigned)seqs[i] - 1));
        record.seq = seqs[i];
        stek_records_append(&records, &record);
    }
    assert_int_equal(revoke_key(&records, 401), 4);
}

static void rotating_by_hand_passes_over_superseded_records(void **state)
{
    const struct stek_fresh fresh = prng_fresh(7);
    struct stek_records records = ring_that_was_cut_off();
    const struct stek_record own =
        record_of(5, STEK_ORIGIN_SUPERSEDED, continued(fresh.secret[9], 3));

    (void)state;
    stek_records_insert(&records, &own);
    assert_int_equal(stek_records_rotate_now(&records, &policy, NOW, &fresh), STEK_OK);
    assert_null(stek_records_problem(&records));
    const struct stek_record *active = &records.at[stek_records_active(&records, NOW)];
    assert_int_equal(active->seq, 5);
    assert_true(stek_record_counts(active));
    assert_int_equal(active[-1].active_from, own.active_from);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(superseded_records_go_with_what_they_were_continued_from),
        cmocka_unit_test(the_published_record_that_took_its_place_is_of_another_chain),
        cmocka_unit_test(all_records_of_a_seq_go),
        cmocka_unit_test(a_published_record_that_was_a_continuation_is_found),
        cmocka_unit_test(a_gap_does_not_hide_a_chain),
        cmocka_unit_test(a_chain_may_be_longer_than_is_continued_at_once),
        cmocka_unit_test(rotating_by_hand_passes_over_superseded_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
