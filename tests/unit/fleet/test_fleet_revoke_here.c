/* SPDX-License-Identifier: Apache-2.0 */
/* `stek revoke --this-host`: one host acts while the store is away, and what comes of it. */
#include "one_host.h"

#include "crypto/derive.h"

/* The store goes away while it holds 7, 8 and 9; this host revokes by itself, and it comes back. */
enum { BACK_AT_REVISION = 30 };

static struct stek_record stored[3];

static void revoke_while_the_store_is_away(void)
{
    const struct stek_fresh fresh = {.count = 1, .secret = {prng_secret(&prng)}};

    stored[0] = record_of(7, NOON - ROTATE_S - 60);
    stored[1] = record_of(8, stored[0].active_until);
    stored[2] = record_of(9, stored[1].active_until);
    connect(NULL, stored, 3);
    decide();
    stek_sync_disconnected(&host);
    assert_int_equal(stek_sync_revoke_here(&host, 0, now_ms / 1000, &fresh), host.shown.count);
    decide();
}

/* What the store held before, still or again. */
static void read_store(const struct stek_record *more)
{
    stek_sync_read_begin(&host, BACK_AT_REVISION);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    for (size_t i = 0; i < 3; i++)
        see(&stored[i], 6 + (int64_t)i);
    if (more != NULL)
        see(more, BACK_AT_REVISION);
    stek_sync_read_end(&host);
    decide();
}

static void a_host_revokes_by_itself_when_the_store_is_away(void **state)
{
    (void)state;
    revoke_while_the_store_is_away();
    assert_true(actions.changed);
    for (size_t i = 0; i < 3; i++)
        assert_false(stek_records_hold_secret(&host.records, &stored[i].secret));
    assert_true(host.floor > 9);
    const int active = stek_records_active(&host.records, NOON);
    assert_int_equal(active, 0);
    assert_int_equal(host.records.at[active].origin, STEK_ORIGIN_PUBLISHED);
    assert_int_equal(host.records.at[active].seq, host.floor);
}

static void revoke_without_a_fresh_secret(void)
{
    static const struct stek_fresh none = {.count = 0};

    stored[0] = record_of(7, NOON - 60);
    connect(NULL, stored, 1);
    decide();
    stek_sync_disconnected(&host);
    assert_true(stek_sync_revoke_here(&host, 0, NOON, &none) > 0);
}

static void a_revocation_here_leaves_no_key_when_the_generator_fails(void **state)
{
    (void)state;
    revoke_without_a_fresh_secret();
    assert_int_equal(host.records.count, 0);
    assert_true(host.floor > 7);
}

/* A host that had not heard of it may have continued to that seq, and drops that when it hears. */
static void the_first_key_after_that_stands_at_the_floor(void **state)
{
    (void)state;
    revoke_without_a_fresh_secret();
    stek_sync_read_begin(&host, BACK_AT_REVISION);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    see(&stored[0], 6);
    stek_sync_read_end(&host);
    decide();
    assert_true(actions.write);
    assert_int_equal(host.out.floor, host.floor);
    assert_int_equal(host.out.put[0].record.seq, host.floor);
}

static void a_key_revoked_here_ends_what_was_before_the_next_fresh_one(void **state)
{
    static const struct stek_fresh none = {.count = 0};

    (void)state;
    stored[0] = record_of(7, NOON - ROTATE_S - 60);
    stored[1] = record_of(8, stored[0].active_until);
    stored[2] = record_of(9, stored[1].active_until);
    connect(NULL, stored, 3);
    decide();
    stek_sync_disconnected(&host);
    assert_int_equal(stek_sync_floor_for(&host, 8), 9);
    assert_int_equal(stek_sync_revoke_here(&host, 9, NOON, &none), 2);
    decide();
    assert_true(same_secret(&host.records.at[0], &stored[2].secret));
    assert_int_equal(stek_records_active(&host.records, NOON), 0);
    assert_int_equal(stek_sync_revoke_here(&host, 9, NOON, &none), 0);
}

static void what_a_host_revoked_by_itself_reaches_the_store_at_once(void **state)
{
    (void)state;
    revoke_while_the_store_is_away();
    read_store(NULL);
    assert_true(actions.write);
    assert_true(host.out.put_floor);
    assert_int_equal(host.out.floor, host.floor);
    assert_int_equal(host.out.delete_below, host.floor);
    assert_int_equal(host.out.put[0].record.seq, host.floor);
    assert_int_equal(host.refused[STEK_REFUSAL_FLOOR_FELL], 0);
    assert_true(host.revoked_here);
    stek_sync_written(&host, STEK_WRITTEN_WON, BACK_AT_REVISION + 1, now_ms);
    decide();
    assert_false(host.revoked_here);
}

static void the_same_after_a_restart(void **state)
{
    static struct stek_records file;

    (void)state;
    revoke_while_the_store_is_away();
    file = host.records;
    const uint64_t floor = host.floor;
    stek_sync_init(&host, &policy, &file, floor);
    read_store(NULL);
    assert_true(actions.write);
    assert_int_equal(host.out.floor, floor);
    assert_int_equal(host.out.put[0].record.seq, floor);
}

/* The other hosts went on by continuing 9. */
static void a_continuation_of_what_was_revoked_here_is_refused(void **state)
{
    struct stek_record next;

    (void)state;
    revoke_while_the_store_is_away();
    next = stored[2];
    next.seq++;
    next.origin = STEK_ORIGIN_CONTINUED;
    next.active_from = stored[2].active_until;
    next.active_until = next.active_from + ROTATE_S;
    next.accept_until = next.active_until + ACCEPT_S;
    assert_int_equal(stek_derive_continuation(&stored[2].secret, &next.secret), STEK_OK);
    assert_int_equal(host.floor, next.seq);
    read_store(&next);
    assert_false(stek_records_hold_secret(&host.records, &next.secret));
    assert_true(actions.write);
    assert_int_equal(host.out.put[0].record.seq, next.seq);
}

/* The other hosts could write: theirs is fresh, so nobody who knows what was revoked knows it. */
static void a_fresh_record_of_the_others_takes_the_place_of_this_hosts_own(void **state)
{
    struct stek_record theirs;
    struct stek_record mine;

    (void)state;
    revoke_while_the_store_is_away();
    mine = *stek_records_last(&host.records);
    theirs = record_of(mine.seq, stored[2].active_until);
    read_store(&theirs);
    assert_true(same_secret(stek_records_find(&host.records, mine.seq), &theirs.secret));
    assert_true(stek_records_hold_secret(&host.records, &mine.secret));
    assert_int_equal(host.out.floor, mine.seq);
}

/* What this host continued from revoked keys goes with them, though its seq is not below. */
static void what_only_opens_goes_with_a_revocation_here(void **state)
{
    static const struct stek_fresh none = {.count = 0};
    struct stek_record mine;

    (void)state;
    stored[0] = record_of(9, NOON - ROTATE_S - 60);
    connect(NULL, stored, 1);
    decide();
    stek_sync_disconnected(&host);
    decide();
    mine = *stek_records_find(&host.records, 10);
    assert_int_equal(mine.origin, STEK_ORIGIN_CONTINUED);
    stored[1] = record_of(10, stored[0].active_until);
    stored[2] = record_of(11, stored[1].active_until);
    read_store(NULL);
    assert_true(same_secret(stek_records_find(&host.records, 10), &stored[1].secret));
    assert_true(stek_records_hold_secret(&host.records, &mine.secret));
    assert_int_equal(stek_sync_revoke_here(&host, 10, NOON, &none), 2);
    assert_false(stek_records_hold_secret(&host.records, &mine.secret));
    assert_true(stek_records_hold_secret(&host.records, &stored[1].secret));
}

/* A pending record that seals after a revocation here does so for all, and they learn of it. */
static void what_begins_earlier_after_a_revocation_here_is_told(void **state)
{
    static const struct stek_fresh none = {.count = 0};

    (void)state;
    stored[0] = record_of(7, NOON - ROTATE_S - 60);
    stored[1] = record_of(8, stored[0].active_until);
    stored[2] = record_of(9, stored[1].active_until);
    connect(NULL, stored, 3);
    decide();
    assert_int_equal(stek_sync_revoke_here(&host, 9, NOON, &none), 2);
    decide();
    assert_true(actions.write);
    assert_int_equal(host.out.put[0].record.seq, 9);
    assert_int_equal(host.out.put[0].record.active_from, NOON);
    assert_int_equal(host.out.put[0].record.active_until, NOON + ROTATE_S);
    assert_int_equal(host.out.put[0].expect, 8);
    assert_int_equal(host.out.floor, 9);
}

static void a_record_that_a_lower_floor_moved_here_ends_as_it_is_published(void **state)
{
    static const struct stek_fresh none = {.count = 0};

    (void)state;
    stored[0] = record_of(7, NOON - 60);
    stored[1] = record_of(8, stored[0].active_until);
    stored[2] = record_of(9, stored[1].active_until);
    connect(NULL, stored, 3);
    decide();
    stek_sync_disconnected(&host);
    (void)stek_sync_revoke_here(&host, 8, NOON, &none);
    assert_int_equal(stek_records_find(&host.records, 9)->active_until, NOON + 2 * ROTATE_S);
    stek_sync_read_begin(&host, BACK_AT_REVISION);
    stek_sync_saw_floor(&host, BACK_AT_REVISION, STEK_VALUE_GOOD, 9, 0);
    stored[2].active_from = NOON; /* the host that revoked more began it then */
    see(&stored[2], BACK_AT_REVISION);
    stek_sync_read_end(&host);
    decide();
    decide();
    assert_int_equal(stek_records_find(&host.records, 9)->active_until, stored[2].active_until);
}

/* Which only the host had that revoked; its continuations are in the store, beside one of what was
 * revoked. */
static void what_continues_a_fresh_key_of_the_floor_stays(void **state)
{
    const struct stek_record fresh = record_of(8, NOON - 2 * ROTATE_S);
    struct stek_record record[4];

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        record[i] = record_of(7 + i, NOON - 60 - (3 - (int64_t)i) * ROTATE_S);
        record[i].origin = i == 0 ? STEK_ORIGIN_PUBLISHED : STEK_ORIGIN_CONTINUED;
    }
    assert_int_equal(stek_derive_continuation(&record[0].secret, &record[1].secret), STEK_OK);
    assert_int_equal(stek_derive_continuation(&fresh.secret, &record[2].secret), STEK_OK);
    assert_int_equal(stek_derive_continuation(&record[2].secret, &record[3].secret), STEK_OK);
    connect(NULL, record, 4);
    decide();
    stek_sync_saw_floor(&host, BACK_AT_REVISION, STEK_VALUE_GOOD, 8, 0);
    decide();
    assert_false(stek_records_hold_secret(&host.records, &record[1].secret));
    assert_true(stek_records_hold_secret(&host.records, &record[2].secret));
    assert_true(stek_records_hold_secret(&host.records, &record[3].secret));
}

/* What a host publishes that has not heard of the revocation. */
static struct stek_record continuation_of(const struct stek_record *before)
{
    struct stek_record record = record_of(before->seq + 1, before->active_until);

    record.origin = STEK_ORIGIN_CONTINUED;
    assert_int_equal(stek_derive_continuation(&before->secret, &record.secret), STEK_OK);
    return record;
}

/* The record at the floor, of which all of it follows, is gone from the store already. */
static void what_follows_from_a_revoked_key_is_refused_when_a_fresh_one_took_its_place(void **state)
{
    const struct stek_record revoked = record_of(8, NOON - 2 * ROTATE_S - 60);
    const struct stek_record old = continuation_of(&revoked);
    const struct stek_record next = continuation_of(&old);
    const struct stek_record last = continuation_of(&next);
    const struct stek_record first = record_of(9, old.active_from);

    (void)state;
    connect(NULL, NULL, 0);
    stek_sync_read_begin(&host, 20);
    stek_sync_saw_floor(&host, 11, STEK_VALUE_GOOD, 9, 0);
    see(&first, 12);
    see(&next, 13);
    see(&last, 14);
    stek_sync_read_end(&host);
    decide();
    assert_true(stek_records_hold_secret(&host.records, &first.secret));
    assert_false(stek_records_hold_secret(&host.records, &next.secret));
    assert_false(stek_records_hold_secret(&host.records, &last.secret));
    assert_int_equal(host.refused[STEK_REFUSAL_BELOW_FLOOR], 2);
}

static void what_follows_from_a_revoked_key_goes_when_a_fresh_one_takes_its_place(void **state)
{
    const struct stek_record revoked = record_of(8, NOON - 2 * ROTATE_S - 60);
    const struct stek_record old = continuation_of(&revoked);
    const struct stek_record next = continuation_of(&old);
    const struct stek_record stands[3] = {revoked, old, next};
    const struct stek_record first = record_of(9, old.active_from);

    (void)state;
    connect(NULL, stands, 3);
    decide();
    assert_true(stek_records_hold_secret(&host.records, &next.secret));
    stek_sync_saw_floor(&host, 20, STEK_VALUE_GOOD, 9, 0);
    see(&first, 20);
    decide();
    assert_true(stek_records_hold_secret(&host.records, &first.secret));
    assert_false(stek_records_hold_secret(&host.records, &next.secret));
}

static void what_continued_this_hosts_own_fresh_key_goes_on_opening(void **state)
{
    (void)state;
    revoke_while_the_store_is_away();
    now_ms += (int64_t)ROTATE_S * 1000;
    decide();
    const struct stek_record own =
        host.records.at[stek_records_active(&host.records, now_ms / 1000)];
    const struct stek_record theirs = record_of(host.floor, NOON);
    assert_int_equal(own.seq, host.floor + 1);
    read_store(&theirs);
    assert_true(same_secret(stek_records_find(&host.records, host.floor), &theirs.secret));
    assert_true(stek_records_hold_secret(&host.records, &own.secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_revokes_by_itself_when_the_store_is_away),
        cmocka_unit_test(a_revocation_here_leaves_no_key_when_the_generator_fails),
        cmocka_unit_test(the_first_key_after_that_stands_at_the_floor),
        cmocka_unit_test(a_key_revoked_here_ends_what_was_before_the_next_fresh_one),
        cmocka_unit_test(what_a_host_revoked_by_itself_reaches_the_store_at_once),
        cmocka_unit_test(the_same_after_a_restart),
        cmocka_unit_test(a_continuation_of_what_was_revoked_here_is_refused),
        cmocka_unit_test(a_fresh_record_of_the_others_takes_the_place_of_this_hosts_own),
        cmocka_unit_test(what_only_opens_goes_with_a_revocation_here),
        cmocka_unit_test(what_begins_earlier_after_a_revocation_here_is_told),
        cmocka_unit_test(what_continues_a_fresh_key_of_the_floor_stays),
        cmocka_unit_test(a_record_that_a_lower_floor_moved_here_ends_as_it_is_published),
        cmocka_unit_test(
            what_follows_from_a_revoked_key_is_refused_when_a_fresh_one_took_its_place),
        cmocka_unit_test(what_follows_from_a_revoked_key_goes_when_a_fresh_one_takes_its_place),
        cmocka_unit_test(what_continued_this_hosts_own_fresh_key_goes_on_opening),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
