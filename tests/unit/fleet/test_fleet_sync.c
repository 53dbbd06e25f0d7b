/* SPDX-License-Identifier: Apache-2.0 */
/* What one host does about what the store says. Whole fleets, and all that can go wrong: tests/sim.
 */
#include "unit.h"

#include "one_host.h"

#include "core/chain.h"
#include "crypto/derive.h"

static void an_empty_store_is_filled_by_puts_that_demand_that_nothing_is_there(void **state)
{
    (void)state;
    now_ms = (int64_t)NOON * 1000;
    stek_sync_init(&host, &policy, NULL, 0);
    stek_sync_read_begin(&host, 3);
    stek_sync_read_end(&host);
    decide_until_it_writes();
    assert_true(host.out.put_floor);
    assert_int_equal(host.out.floor_expect, 0);
    assert_int_equal(host.out.count, 3);
    for (uint32_t i = 0; i < host.out.count; i++)
        assert_int_equal(host.out.put[i].expect, 0);
}

static void fresh_bytes_are_held_once_the_store_has_said_yes(void **state)
{
    an_empty_store_is_filled_by_puts_that_demand_that_nothing_is_there(state);
    assert_int_equal(host.records.count, 0);
    stek_sync_written(&host, STEK_WRITTEN_WON, 4, now_ms);
    decide();
    assert_true(actions.changed);
    assert_int_equal(host.records.count, 3);
    assert_int_equal(stek_records_active(&host.records, now_ms / 1000), 0);
}

static void a_transaction_demands_that_nothing_has_changed_since_what_is_known(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10);
    const struct stek_record second = record_of(2, first.active_until);

    (void)state;
    connect(NULL, &first, 1);
    decide_until_it_writes();
    assert_int_equal(host.out.based_on, 6);
    stek_sync_written(&host, STEK_WRITTEN_REFUSED, 0, now_ms);
    see(&second, 20);
    decide_until_it_writes();
    assert_int_equal(host.out.based_on, 20);
}

static void assert_reads_before_it_writes_again(enum stek_written outcome)
{
    const struct stek_record first = record_of(1, NOON - 10);

    connect(NULL, &first, 1);
    decide_until_it_writes();
    stek_sync_written(&host, outcome, 0, now_ms);
    for (int i = 0; i < 3; i++) {
        decide();
        assert_int_equal(actions.read, i == 0);
        assert_false(actions.write);
        now_ms += ROTATE_S * 250;
    }
    stek_sync_read_begin(&host, 30);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    see(&first, 6);
    stek_sync_read_end(&host);
    decide_until_it_writes();
    assert_int_equal(host.out.based_on, 30);
}

/* Restored from a backup, it has lower revisions, and lacks what was put since. */
static void what_a_store_lost_that_went_back_is_put_again(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10);

    (void)state;
    connect(NULL, &first, 1);
    decide_until_it_writes();
    const uint32_t count = host.out.count;
    stek_sync_written(&host, STEK_WRITTEN_WON, 40, now_ms);
    decide();
    stek_sync_disconnected(&host);
    stek_sync_read_begin(&host, 20);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    see(&first, 6);
    stek_sync_read_end(&host);
    decide_until_it_writes();
    assert_int_equal(host.out.based_on, 20);
    assert_true(host.out.count >= count);
    assert_int_equal(host.out.put[0].record.seq, 2);
}

/* The host was cut off meanwhile, so that no revision shows it: the others revoked 1. */
static void a_store_that_went_back_and_on_is_believed_as_it_is_read(void **state)
{
    const struct stek_record record[2] = {record_of(1, NOON - 10), record_of(2, NOON + ROTATE_S)};
    const struct stek_record other = record_of(2, NOON - 5);

    (void)state;
    connect(NULL, record, 2);
    stek_sync_saw_floor(&host, 10, STEK_VALUE_GOOD, 1, 1);
    decide();
    stek_sync_disconnected(&host);
    stek_sync_read_begin(&host, 20);
    stek_sync_saw_floor(&host, 9, STEK_VALUE_GOOD, 2, 1);
    see(&other, 7);
    stek_sync_read_end(&host);
    decide();
    assert_int_equal(host.floor, 2);
    assert_true(same_secret(stek_records_find(&host.records, 2), &other.secret));
}

static void who_lost_reads_before_it_writes_again(void **state)
{
    (void)state;
    assert_reads_before_it_writes_again(STEK_WRITTEN_LOST);
}

static void an_ambiguous_put_is_read_back(void **state)
{
    (void)state;
    assert_reads_before_it_writes_again(STEK_WRITTEN_AMBIGUOUS);
}

static void what_begins_within_half_an_interval_is_put_as_its_continuation(void **state)
{
    const struct stek_record last = record_of(7, NOON - ROTATE_S / 2 - 60);
    struct stek_record next = last;
    struct stek_records none = {0};

    (void)state;
    assert_int_equal(stek_chain_continue(&none, &policy, &next), STEK_OK);
    connect(NULL, &last, 1);
    decide_until_it_writes();
    assert_int_equal(host.out.put[0].record.seq, 8);
    assert_true(same_secret(&host.out.put[0].record, &next.secret));
    assert_int_equal(host.out.put[0].record.active_from, last.active_until);
}

/* Seq 7 has ended, and this host seals under its own continuation, 8, when it hears of the
 * published 8. */
static void what_is_published_wins_and_what_sealed_goes_on_opening(void **state)
{
    const struct stek_record both[] = {record_of(7, NOON - ROTATE_S - 60), record_of(8, NOON - 60)};
    const struct stek_records file = {.count = 1, .at = {both[0]}};

    (void)state;
    now_ms = (int64_t)NOON * 1000;
    stek_sync_init(&host, &policy, &file, 1);
    decide();
    const struct stek_records held = host.records;
    const struct stek_record own = *stek_records_find(&host.records, 8);
    assert_int_equal(own.origin, STEK_ORIGIN_CONTINUED);
    connect(&held, both, 2);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 8), &both[1].secret));
    assert_true(stek_records_hold_secret(&host.records, &own.secret));
    const int active = stek_records_active(&host.records, NOON);
    assert_true(same_secret(&host.records.at[active], &both[1].secret));
}

/* The same, but by this host's clock 8 is about to begin: it was ahead before, or another host's
 * is. */
static void what_may_have_sealed_by_a_clock_that_is_ahead_goes_on_opening(void **state)
{
    const struct stek_record both[] = {record_of(7, NOON - ROTATE_S + 5), record_of(8, NOON + 5)};
    const struct stek_records file = {.count = 1, .at = {both[0]}};

    (void)state;
    now_ms = (int64_t)NOON * 1000;
    stek_sync_init(&host, &policy, &file, 1);
    decide();
    const struct stek_records held = host.records;
    const struct stek_record own = *stek_records_find(&host.records, 8);
    connect(&held, both, 2);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 8), &both[1].secret));
    assert_true(stek_records_hold_secret(&host.records, &own.secret));
}

/* Another host has moved 7, so that it ends sooner; this one did not hear, continued from the old
 * end, and now hears of all. */
static void a_continuation_takes_the_times_under_which_it_is_published(void **state)
{
    struct stek_record first = record_of(7, NOON - ROTATE_S - 60);
    const struct stek_records file = {.count = 1, .at = {first}};

    (void)state;
    now_ms = (int64_t)NOON * 1000;
    stek_sync_init(&host, &policy, &file, 1);
    decide();
    const struct stek_records held = host.records;
    struct stek_record both[] = {first, *stek_records_find(&host.records, 8)};
    both[1].active_until += 100;
    both[1].accept_until += 100;
    connect(&held, both, 2);
    decide();
    assert_int_equal(stek_records_find(&host.records, 8)->active_until, both[1].active_until);
    assert_int_equal(stek_records_find(&host.records, 8)->accept_until, both[1].accept_until);
}

static void below_a_floor_nothing_is_held_and_it_never_falls(void **state)
{
    const struct stek_record both[] = {record_of(7, NOON - ROTATE_S - 60), record_of(8, NOON - 60)};

    (void)state;
    connect(NULL, both, 2);
    decide();
    assert_non_null(stek_records_find(&host.records, 7));
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 8, 0);
    decide();
    assert_null(stek_records_find(&host.records, 7));
    assert_non_null(stek_records_find(&host.records, 8));
    stek_sync_saw_floor(&host, 21, STEK_VALUE_GOOD, 1, 0);
    decide_until_it_writes();
    assert_int_equal(host.floor, 8);
    assert_true(host.out.put_floor);
    assert_int_equal(host.out.floor, 8);
}

/* A record that another order has ended after seven seconds, and by this host's clock nothing seals
 * for twenty. */
static void the_next_record_begins_early_when_nothing_else_seals(void **state)
{
    struct stek_record both[] = {record_of(7, NOON + 20), record_of(8, NOON + 27)};

    (void)state;
    both[0].active_until = both[1].active_from;
    connect(NULL, both, 2);
    decide();
    const int active = stek_records_active(&host.records, NOON);
    assert_int_equal(active, 0);
    assert_int_equal(host.records.at[active].seq, 7);
}

/* Whatever stands under a seq and does not open. */
static void what_does_not_open_is_replaced(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10);

    (void)state;
    connect(NULL, &first, 1);
    see_garbage(2, 20);
    stek_sync_saw_floor(&host, 21, STEK_VALUE_MALFORMED, 0, 0);
    decide_until_it_writes();
    assert_int_equal(host.out.based_on, 21);
    assert_true(host.out.put_floor);
    assert_int_equal(host.out.floor_expect, 0);
    assert_int_equal(host.out.put[0].record.seq, 2);
    assert_int_equal(host.out.put[0].expect, 0);
    assert_int_equal(host.out.put[0].record.origin, STEK_ORIGIN_PUBLISHED);
}

static void a_revocation_takes_its_seq_from_what_opens(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10);

    (void)state;
    connect(NULL, &first, 1);
    see_garbage((uint64_t)1 << 62, 20);
    assert_null(stek_sync_ask(&host, STEK_SYNC_OP_REVOKE, 0));
    decide_until_it_writes();
    assert_true(host.out.floor >= 2 && host.out.floor <= 4);
}

static void a_floor_counts_from_the_first_sight_on(void **state)
{
    const struct stek_record both[] = {record_of(1, NOON - 10), record_of(2, NOON - 10 + ROTATE_S)};

    (void)state;
    connect(NULL, both, 2);
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 2, 0);
    stek_sync_saw_floor_deleted(&host, 21);
    decide();
    assert_int_equal(host.floor, 2);
    assert_null(stek_records_find(&host.records, 1));
}

static struct stek_record continuation_of(const struct stek_record *before)
{
    struct stek_record next = record_of(before->seq + 1, before->active_until);

    next.origin = STEK_ORIGIN_CONTINUED;
    assert_int_equal(stek_derive_continuation(&before->secret, &next.secret), STEK_OK);
    return next;
}

/* A host that had not heard of the floor has put them. */
static void what_continues_a_revoked_record_is_refused(void **state)
{
    const struct stek_record revoked = record_of(4, NOON - 10 - ROTATE_S);
    const struct stek_record at_floor = continuation_of(&revoked);
    const struct stek_record after = continuation_of(&at_floor);

    (void)state;
    connect(NULL, NULL, 0);
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 5, 0);
    see(&at_floor, 21);
    see(&after, 22);
    decide();
    assert_int_equal(host.records.count, 0);
    assert_int_equal(host.refused[STEK_REFUSAL_BELOW_FLOOR], 2);
}

static void a_gap_between_published_records_is_filled_by_continuation(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10);
    const struct stek_record second = continuation_of(&first);
    const struct stek_record both[] = {first, record_of(3, second.active_until)};

    (void)state;
    connect(NULL, both, 2);
    decide();
    assert_true(same_secret(stek_records_find(&host.records, 2), &second.secret));
}

static void what_continues_a_superseded_record_is_continued_anew(void **state)
{
    const struct stek_record first = record_of(1, NOON - 10 - ROTATE_S);
    const struct stek_record mine = continuation_of(&first);
    const struct stek_records file = {.count = 3, .at = {first, mine, continuation_of(&mine)}};
    const struct stek_record both[] = {first, record_of(2, mine.active_from)};
    const struct stek_record next = continuation_of(&both[1]);

    (void)state;
    connect(&file, both, 2);
    now_ms += (int64_t)(ROTATE_S / 2 + 60) * 1000;
    decide();
    const struct stek_record *third = stek_records_last(&host.records);
    assert_int_equal(third->seq, 3);
    assert_true(same_secret(third, &next.secret));
}

/* A new store, or one that lost all: the fleet cannot wait for a quarter of an interval. */
static void a_store_without_any_key_is_filled_at_once(void **state)
{
    const struct stek_records file = {.count = 1, .at = {record_of(7, NOON - 60)}};

    (void)state;
    connect(&file, NULL, 0);
    decide_until_it_writes();
    assert_true(now_ms <= (int64_t)NOON * 1000 + 1000);
    assert_int_equal(host.out.put[0].record.seq, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store_is_filled_by_puts_that_demand_that_nothing_is_there),
        cmocka_unit_test(fresh_bytes_are_held_once_the_store_has_said_yes),
        cmocka_unit_test(a_transaction_demands_that_nothing_has_changed_since_what_is_known),
        cmocka_unit_test(what_a_store_lost_that_went_back_is_put_again),
        cmocka_unit_test(a_store_that_went_back_and_on_is_believed_as_it_is_read),
        cmocka_unit_test(who_lost_reads_before_it_writes_again),
        cmocka_unit_test(an_ambiguous_put_is_read_back),
        cmocka_unit_test(what_begins_within_half_an_interval_is_put_as_its_continuation),
        cmocka_unit_test(what_is_published_wins_and_what_sealed_goes_on_opening),
        cmocka_unit_test(what_may_have_sealed_by_a_clock_that_is_ahead_goes_on_opening),
        cmocka_unit_test(a_continuation_takes_the_times_under_which_it_is_published),
        cmocka_unit_test(below_a_floor_nothing_is_held_and_it_never_falls),
        cmocka_unit_test(the_next_record_begins_early_when_nothing_else_seals),
        cmocka_unit_test(what_does_not_open_is_replaced),
        cmocka_unit_test(a_revocation_takes_its_seq_from_what_opens),
        cmocka_unit_test(a_floor_counts_from_the_first_sight_on),
        cmocka_unit_test(what_continues_a_revoked_record_is_refused),
        cmocka_unit_test(a_gap_between_published_records_is_filled_by_continuation),
        cmocka_unit_test(what_continues_a_superseded_record_is_continued_anew),
        cmocka_unit_test(a_store_without_any_key_is_filled_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
