/* SPDX-License-Identifier: Apache-2.0 */
/* Records whose times do not fit together: old copies, and transactions of which a part is known.
 */
#include "unit.h"

#include "one_host.h"

#include "crypto/derive.h"

/* The others have rotated by hand, and somebody has overwritten what stood between. */
static void an_old_copy_ends_where_its_next_begins_when_it_is_put_again(void **state)
{
    struct stek_record record[3];
    struct stek_records file = {0};

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        record[i] = record_of(i + 1, NOON - 100 + (int64_t)i * ROTATE_S);
        stek_records_insert(&file, &record[i]);
    }
    record[0].active_until = NOON - 10;
    record[2].active_from = NOON - 10 + ROTATE_S;
    record[2].active_until = record[2].active_from + ROTATE_S;
    connect(&file, record, 1);
    see(&record[2], 8);
    see_garbage(2, 9);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 2);
    assert_int_equal(host.out.put[0].record.active_until, record[2].active_from);
    assert_int_equal(stek_records_find(&host.records, 2)->active_until, record[2].active_from);
}

/* It may be one of several that a transaction moves, of which the others are not known yet. */
static void what_would_move_the_ring_backwards_is_read_again_once(void **state)
{
    struct stek_record record[3];

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        record[i] = record_of(i + 1, NOON - 10 + (int64_t)i * ROTATE_S);
    connect(NULL, record, 3);
    decide();
    assert_false(actions.read);
    record[1].active_from = record[2].active_from + 5;
    record[1].active_until = record[1].active_from + ROTATE_S;
    see(&record[1], 20);
    decide();
    assert_true(actions.read);
    stek_sync_read_begin(&host, 20);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    see(&record[0], 6);
    see(&record[2], 8);
    see(&record[1], 20);
    stek_sync_read_end(&host);
    decide();
    assert_false(actions.read);
}

/* etcd refuses such a transaction each time, so nothing could be put while the old one is there. */
static void what_is_put_again_is_not_deleted_with_what_retired_before_it(void **state)
{
    const struct stek_record record[3] = {record_of(1, NOON - 60000), record_of(2, NOON - ACCEPT_S),
                                          record_of(3, NOON - 10)};

    (void)state;
    connect(NULL, record, 3);
    stek_sync_saw_record_deleted(&host, 2, 9);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 2);
    assert_int_equal(host.out.delete_below, 2);
}

/* The others have rotated twice by hand; then somebody deleted the last record, and a host that was
 * cut off put an old copy of the one before. */
static void what_would_be_out_of_order_in_the_store_is_put_again_with_its_times(void **state)
{
    struct stek_record record[3];
    struct stek_records file = {0};

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        record[i] = record_of(i + 1, NOON - 100 + (int64_t)i * ROTATE_S);
    const struct stek_record old = record[1];
    record[0].active_until = record[1].active_from = NOON - 50;
    record[1].active_until = record[2].active_from = NOON - 10;
    record[2].active_until = NOON - 10 + ROTATE_S;
    for (size_t i = 0; i < 3; i++)
        stek_records_insert(&file, &record[i]);
    record[1] = old;
    connect(&file, record, 2);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 2);
    assert_int_equal(host.out.put[0].record.active_from, NOON - 50);
    assert_int_equal(host.out.put[0].expect, 7);
    assert_int_equal(host.out.put[1].record.seq, 3);
    assert_int_equal(host.out.put[1].expect, 0);
}

/* 8 opens for longer than 9, since it was to begin later once; the key of 9 is deleted. */
static void a_gap_that_a_retired_record_left_ends_no_chain(void **state)
{
    struct stek_record before = record_of(8, NOON - ACCEPT_S - 2 * ROTATE_S);
    struct stek_record after = record_of(10, NOON - ACCEPT_S - 10);
    struct stek_records file = {0};

    (void)state;
    before.accept_until = NOON + 1000;
    after.active_until = NOON + 1000;
    after.accept_until = after.active_until + ACCEPT_S;
    stek_records_insert(&file, &before);
    stek_records_insert(&file, &after);
    connect(&file, &before, 1);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 10), &after.secret));
}

/* After several revocations the next key may begin later than any that is published ahead. */
static void what_begins_very_late_begins_at_once_where_the_stores_clock_agrees(void **state)
{
    const struct stek_record late = record_of(8, NOON + 4 * ROTATE_S);

    (void)state;
    connect(NULL, &late, 1);
    decide();
    assert_int_equal(stek_records_active(&host.records, NOON), -1);
    stek_sync_know_day(&host, true, 0);
    decide();
    assert_int_equal(stek_records_active(&host.records, NOON), 0);
}

/* The same continuation by the times of two hosts: one was cut off while the other rotated. */
static void what_a_host_has_sealed_under_opens_for_as_long_as_it_promised(void **state)
{
    struct stek_record before = record_of(7, NOON - ROTATE_S - 10);
    struct stek_record mine = record_of(8, NOON - 10);
    struct stek_records file = {0};

    (void)state;
    mine.origin = STEK_ORIGIN_CONTINUED;
    assert_int_equal(stek_derive_continuation(&before.secret, &mine.secret), STEK_OK);
    stek_records_insert(&file, &before);
    stek_records_insert(&file, &mine);
    struct stek_record theirs[2] = {before, mine};
    theirs[1].active_from -= 500;
    theirs[1].active_until -= 500;
    theirs[1].accept_until -= 500;
    connect(&file, theirs, 2);
    decide();
    const struct stek_record *taken = stek_records_find(&host.records, 8);
    assert_int_equal(taken->active_until, theirs[1].active_until);
    assert_int_equal(taken->accept_until, mine.accept_until);
}

/* 3 began early here, before the published time of 2; 2 came back when its time was over. */
static void a_rotation_by_hand_leaves_the_store_in_order(void **state)
{
    struct stek_record record[4];

    (void)state;
    record[0] = record_of(2, NOON + 1000 - ROTATE_S);
    for (uint64_t i = 1; i < 4; i++)
        record[i] = record_of(i + 2, NOON + 1000 + (int64_t)(i - 1) * ROTATE_S);
    record[0].active_from = NOON + 100;
    connect(NULL, &record[1], 3);
    decide();
    assert_int_equal(stek_records_find(&host.records, 3)->active_from, NOON);
    now_ms += 1100 * 1000;
    see(&record[0], 9);
    decide();
    assert_null(stek_sync_ask(&host, STEK_SYNC_OP_ROTATE, 0));
    decide();
    assert_true(actions.write);
    assert_int_equal(host.out.put[0].record.seq, 2);
    assert_int_equal(host.out.put[0].record.active_from, NOON - 1);
    assert_int_equal(host.out.put[1].record.seq, 3);
    assert_int_equal(host.out.put[1].record.active_from, NOON);
}

/* Only the third was in the store when this host began; else a rotation by hand here would put it
 * before the second. */
static void what_began_early_begins_as_published_when_what_stands_before_it_is_back(void **state)
{
    const struct stek_record record[2] = {record_of(2, NOON - 100),
                                          record_of(3, NOON - 100 + ROTATE_S)};

    (void)state;
    connect(NULL, &record[1], 1);
    decide();
    assert_int_equal(stek_records_find(&host.records, 3)->active_from, NOON);
    see(&record[0], 9);
    now_ms += 1000;
    decide();
    assert_int_equal(stek_records_find(&host.records, 3)->active_from, record[1].active_from);
    assert_int_equal(host.records.at[stek_records_active(&host.records, NOON + 1)].seq, 2);
}

/* As there; then the third is overwritten, and a host that had not seen it puts another. */
static void what_began_early_opens_when_another_takes_its_seq(void **state)
{
    const struct stek_record record[2] = {record_of(2, NOON - 100),
                                          record_of(3, NOON - 100 + ROTATE_S)};
    const struct stek_record other = record_of(3, NOON - 100 + ROTATE_S);

    (void)state;
    connect(NULL, &record[1], 1);
    decide();
    see(&record[0], 9);
    decide();
    see_garbage(3, 10);
    see(&other, 11);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 3), &other.secret));
    assert_true(stek_records_hold_secret(&host.records, &record[1].secret));
}

/* Reads a store with a floor of 1 that has these records, the first of them since revision 20. */
static void read_store(const struct stek_record *records, size_t count)
{
    stek_sync_read_begin(&host, 20);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    for (size_t i = 0; i < count; i++)
        see(&records[i], i == 0 ? 20 : 6 + (int64_t)i);
    stek_sync_read_end(&host);
}

/* Of three records, and of the first an old copy that begins after the second one. */
static struct stek_record three_records(struct stek_record ret_record[static 3])
{
    ret_record[0] = record_of(1, NOON - 20);
    ret_record[1] = record_of(2, NOON - 10);
    ret_record[2] = record_of(3, NOON - 10 + ROTATE_S);
    struct stek_record old = ret_record[0];
    old.active_from = NOON + 10;
    old.active_until = NOON + 10 + ROTATE_S;
    ret_record[0].active_until = ret_record[1].active_from;
    return old;
}

/* A host that just starts would take the old copy, and refuse what comes after it. */
static void an_old_copy_that_comes_is_put_again_with_its_times(void **state)
{
    struct stek_record record[3];
    const struct stek_record old = three_records(record);

    (void)state;
    connect(NULL, record, 3);
    decide();
    see(&old, 20);
    decide();
    assert_true(actions.read);
    const struct stek_record there[3] = {old, record[1], record[2]};
    read_store(there, 3);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 1);
    assert_int_equal(host.out.put[0].record.active_from, record[0].active_from);
    assert_int_equal(host.out.put[0].expect, 20);
}

/* The same, and this host has its ring file: it also puts what it had to refuse. */
static void an_old_copy_that_stands_there_is_put_again_with_its_times(void **state)
{
    struct stek_record record[3];
    struct stek_records file = {0};
    const struct stek_record old = three_records(record);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        stek_records_insert(&file, &record[i]);
    const struct stek_record there[3] = {old, record[1], record[2]};
    connect(&file, there, 3);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 1);
    assert_int_equal(host.out.put[0].record.active_from, record[0].active_from);
    assert_int_equal(host.out.put[0].expect, 6);
    assert_int_equal(host.out.put[1].record.seq, 2);
    assert_int_equal(host.out.put[1].record.active_from, record[1].active_from);
    assert_int_equal(host.out.put[1].expect, 7);
}

/* Here the host started when the old copy was there, and another one puts that one's times right.
 */
static void what_was_refused_for_its_times_is_read_again_when_it_fits(void **state)
{
    struct stek_record record[2] = {record_of(1, NOON + 10), record_of(2, NOON - 10)};

    (void)state;
    connect(NULL, record, 2);
    decide();
    read_store(record, 2);
    decide();
    assert_false(actions.read);
    assert_false(same_secret(stek_records_find(&host.records, 2), &record[1].secret));
    record[0].active_from = NOON - 20;
    record[0].active_until = record[1].active_from;
    see(&record[0], 21);
    decide();
    assert_true(actions.read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_copy_ends_where_its_next_begins_when_it_is_put_again),
        cmocka_unit_test(what_would_move_the_ring_backwards_is_read_again_once),
        cmocka_unit_test(what_is_put_again_is_not_deleted_with_what_retired_before_it),
        cmocka_unit_test(what_would_be_out_of_order_in_the_store_is_put_again_with_its_times),
        cmocka_unit_test(a_gap_that_a_retired_record_left_ends_no_chain),
        cmocka_unit_test(a_rotation_by_hand_leaves_the_store_in_order),
        cmocka_unit_test(what_begins_very_late_begins_at_once_where_the_stores_clock_agrees),
        cmocka_unit_test(what_a_host_has_sealed_under_opens_for_as_long_as_it_promised),
        cmocka_unit_test(what_began_early_begins_as_published_when_what_stands_before_it_is_back),
        cmocka_unit_test(what_began_early_opens_when_another_takes_its_seq),
        cmocka_unit_test(an_old_copy_that_comes_is_put_again_with_its_times),
        cmocka_unit_test(an_old_copy_that_stands_there_is_put_again_with_its_times),
        cmocka_unit_test(what_was_refused_for_its_times_is_read_again_when_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
