/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts make of a store that mixes its histories: old values beside newer ones. */
#include "one_host.h"

static struct stek_record continuation_of(const struct stek_record *before)
{
    struct stek_record record = record_of(before->seq + 1, before->active_until);

    record.origin = STEK_ORIGIN_CONTINUED;
    assert_int_equal(stek_derive_continuation(&before->secret, &record.secret), STEK_OK);
    return record;
}

/* A host had revoked by itself, up to and with a seq that others continue over. It puts the floor,
 * and with it the next record, which begins earlier than what is revoked there. */
static void what_a_floor_revokes_is_not_in_the_way_of_what_came_with_it(void **state)
{
    struct stek_record record[3] = {record_of(8, NOON - ROTATE_S / 2)};

    (void)state;
    record[1] = continuation_of(&record[0]);
    record[2] = record_of(10, record[1].active_until);
    connect(NULL, record, 3);
    decide();
    record[2].active_from = NOON;
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 9, 0);
    see(&record[2], 20);
    decide();
    assert_int_equal(host.refused[STEK_REFUSAL_BACKWARDS], 0);
    assert_false(stek_records_hold_secret(&host.records, &record[1].secret));
    assert_true(same_secret(stek_records_find(&host.records, 10), &record[2].secret));
}

/* At `revision`, a store with this floor and these records, which changed at that revision. */
static void read_store(uint64_t floor, int64_t revision, const struct stek_record *records,
                       size_t count)
{
    stek_sync_read_begin(&host, revision);
    stek_sync_saw_floor(&host, revision, STEK_VALUE_GOOD, floor, 0);
    for (size_t i = 0; i < count; i++)
        see(&records[i], revision);
    stek_sync_read_end(&host);
}

/* Two fresh records were published at the floor, one of them after the store was restored. */
static void what_continues_another_fresh_key_of_the_floor_stays_where_that_is_known(void **state)
{
    const struct stek_record ours = record_of(9, NOON - ROTATE_S - 60);
    const struct stek_record both[2] = {ours, continuation_of(&ours)};
    const struct stek_record theirs = record_of(9, NOON - ROTATE_S - 50);

    (void)state;
    connect(NULL, both, 2);
    read_store(9, 20, both, 2);
    decide();
    see(&theirs, 21);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 9), &theirs.secret));
    assert_true(same_secret(stek_records_find(&host.records, 10), &both[1].secret));
    see(&both[1], 22);
    decide();
    assert_int_equal(host.refused[STEK_REFUSAL_BELOW_FLOOR], 0);
    assert_true(same_secret(stek_records_find(&host.records, 10), &both[1].secret));
}

/* A revoked key at the floor, and what hosts continued from it. One of these was deleted. */
static void chain_of_a_revoked_key(struct stek_record ret_record[static 3])
{
    const struct stek_record revoked = record_of(8, NOON - 3 * ROTATE_S - 60);

    ret_record[0] = continuation_of(&revoked);
    const struct stek_record deleted = continuation_of(&ret_record[0]);
    ret_record[1] = continuation_of(&deleted);
    ret_record[2] = continuation_of(&ret_record[1]);
}

static void what_follows_from_a_revoked_key_is_refused_over_a_gap(void **state)
{
    struct stek_record record[3];

    (void)state;
    chain_of_a_revoked_key(record);
    connect(NULL, NULL, 0);
    read_store(9, 20, record, 3);
    decide();
    for (size_t i = 0; i < 3; i++)
        assert_false(stek_records_hold_secret(&host.records, &record[i].secret));
    assert_int_equal(host.refused[STEK_REFUSAL_BELOW_FLOOR], 3);
}

static void what_follows_from_a_revoked_key_goes_over_a_gap(void **state)
{
    struct stek_record record[3];

    (void)state;
    chain_of_a_revoked_key(record);
    connect(NULL, record, 3);
    decide();
    assert_true(stek_records_hold_secret(&host.records, &record[2].secret));
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 9, 0);
    decide();
    for (size_t i = 0; i < 3; i++)
        assert_false(stek_records_hold_secret(&host.records, &record[i].secret));
}

/* Hosts that never saw this one's record would continue over its seq. */
static void
what_stands_in_the_place_of_a_published_record_and_does_not_fit_is_replaced(void **state)
{
    struct stek_record record[3] = {record_of(1, NOON - 10)};
    const struct stek_record old = record_of(2, NOON - 20);

    (void)state;
    record[1] = record_of(2, record[0].active_until);
    record[2] = record_of(3, record[1].active_until);
    connect(NULL, record, 3);
    decide();
    const struct stek_record there[3] = {record[0], old, record[2]};
    read_store(1, 20, there, 3);
    decide_until_it_writes();
    assert_true(same_secret(&host.out.put[0].record, &record[1].secret));
    assert_int_equal(host.out.put[0].record.active_from, record[1].active_from);
    assert_int_equal(host.out.put[0].expect, 20);
}

/* A host waits for its turn to put one record more. Then a floor comes back that leaves none. */
static void a_host_that_a_floor_left_without_keys_waits_for_no_earlier_turn(void **state)
{
    const int64_t from = NOON - ROTATE_S * 3 / 4 - 10; /* in the last quarter of its interval */
    struct stek_record record[3] = {record_of(7, from)};

    (void)state;
    record[1] = record_of(8, record[0].active_until);
    record[2] = record_of(9, record[1].active_until);
    connect(NULL, record, 3);
    decide();
    host.publish_at_ms = now_ms + (int64_t)ROTATE_S * 250 - 1;
    decide();
    assert_false(actions.write);
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 12, 0);
    decide_until_it_writes();
    assert_true(now_ms <= (int64_t)NOON * 1000 + 1000);
    assert_true(host.out.put[0].record.seq >= 12);
}

/* A limit, as SECURITY.md has it: the fresh record at the floor has retired, so nothing shows it.
 */
static void what_continues_a_revoked_key_comes_back_when_the_fresh_one_has_retired(void **state)
{
    const struct stek_record revoked = record_of(9, NOON - ROTATE_S - ACCEPT_S - 60);
    const struct stek_record old = continuation_of(&revoked);
    const struct stek_record fresh = record_of(9, revoked.active_from);
    const struct stek_record both[2] = {fresh, old};

    (void)state;
    connect(NULL, NULL, 0);
    read_store(9, 20, both, 2);
    decide();
    assert_true(stek_records_hold_secret(&host.records, &old.secret));
    now_ms -= 120 * 1000;
    stek_sync_init(&host, &policy, NULL, 0);
    read_store(9, 20, both, 2);
    decide();
    assert_false(stek_records_hold_secret(&host.records, &old.secret));
}

/* A host that revoked by itself continued its own fresh key, which is gone from the store. */
static void what_follows_a_revoked_key_and_continues_another_one_stays(void **state)
{
    struct stek_record record[2] = {record_of(8, NOON - 2 * ROTATE_S - 60)};
    const struct stek_record fresh = record_of(9, NOON - ROTATE_S - 60);
    const struct stek_record next = continuation_of(&fresh);

    (void)state;
    record[1] = continuation_of(&record[0]);
    connect(NULL, record, 2);
    decide();
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 9, 0);
    see(&next, 20);
    decide();
    assert_false(stek_records_hold_secret(&host.records, &record[1].secret));
    assert_true(same_secret(stek_records_find(&host.records, 10), &next.secret));
}

/* The store's owner puts back what stood there before, at once: a host may hear of both together.
 */
static void what_came_with_a_floor_stays_when_it_is_gone_before_the_next_decision(void **state)
{
    struct stek_record record[3] = {record_of(7, NOON - 10)};

    (void)state;
    record[1] = record_of(8, record[0].active_until);
    record[2] = record_of(9, record[1].active_until);
    connect(NULL, record, 3);
    decide();
    const struct stek_record first = record_of(10, NOON);
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 10, 0);
    for (uint64_t seq = 7; seq < 10; seq++)
        stek_sync_saw_record_deleted(&host, seq, 20);
    see(&first, 20);
    stek_sync_saw_floor(&host, 21, STEK_VALUE_GOOD, 1, 0);
    stek_sync_saw_record_deleted(&host, 10, 21);
    for (size_t i = 0; i < 3; i++)
        see(&record[i], 21);
    decide();
    assert_int_equal(host.floor, 10);
    assert_true(stek_records_active(&host.records, NOON) >= 0);
    assert_true(same_secret(stek_records_find(&host.records, 10), &first.secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_floor_revokes_is_not_in_the_way_of_what_came_with_it),
        cmocka_unit_test(what_continues_another_fresh_key_of_the_floor_stays_where_that_is_known),
        cmocka_unit_test(what_follows_from_a_revoked_key_is_refused_over_a_gap),
        cmocka_unit_test(what_follows_from_a_revoked_key_goes_over_a_gap),
        cmocka_unit_test(
            what_stands_in_the_place_of_a_published_record_and_does_not_fit_is_replaced),
        cmocka_unit_test(a_host_that_a_floor_left_without_keys_waits_for_no_earlier_turn),
        cmocka_unit_test(what_continues_a_revoked_key_comes_back_when_the_fresh_one_has_retired),
        cmocka_unit_test(what_follows_a_revoked_key_and_continues_another_one_stays),
        cmocka_unit_test(what_came_with_a_floor_stays_when_it_is_gone_before_the_next_decision),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
