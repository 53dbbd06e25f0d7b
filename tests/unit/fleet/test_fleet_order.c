/* SPDX-License-Identifier: Apache-2.0 */
/* Records whose times do not fit together: old copies, and transactions of which a part is known.
 */
#include "unit.h"

#include "one_host.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_copy_ends_where_its_next_begins_when_it_is_put_again),
        cmocka_unit_test(what_would_move_the_ring_backwards_is_read_again_once),
        cmocka_unit_test(what_is_put_again_is_not_deleted_with_what_retired_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
