/* SPDX-License-Identifier: Apache-2.0 */
/* What is true of a ring after every turn of any world: see world.h. */
#include "world.h"

#include "crypto/derive.h"

#include <string.h>

static void sound(struct world *world)
{
    require(world, stek_records_problem(&world->records) == NULL);
}

static void records_are_sound(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, sound);
    world_always(WORLD_UNRULY, sound);
}

static void advanced_or_out_of_fresh_secrets(struct world *world)
{
    require(world, world->result == STEK_OK ||
                       (world->result == STEK_ERR_RANDOM && world->fresh.count == 0));
    if (world->kind == WORLD_STEADY && world->result != STEK_OK)
        require(world,
                stek_records_settle(&world->before, &world->policy, world->now) == STEK_ERR_BUSY);
}

static void a_turn_fails_only_when_a_start_finds_no_fresh_secret(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, advanced_or_out_of_fresh_secrets);
    world_always(WORLD_UNRULY, advanced_or_out_of_fresh_secrets);
}

static void untouched_on_failure(struct world *world)
{
    if (world->result != STEK_OK)
        require(world, memcmp(&world->records, &world->before, sizeof world->records) == 0);
}

static void a_turn_that_fails_leaves_the_records_alone(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, untouched_on_failure);
    world_always(WORLD_UNRULY, untouched_on_failure);
}

static void one_active(struct world *world)
{
    unsigned in_state[STEK_STATE_RETIRED + 1] = {0};

    if (world->result != STEK_OK)
        return;
    for (size_t i = 0; i < world->records.count; i++)
        in_state[stek_record_state(&world->records, i, world->now)]++;
    require(world, in_state[STEK_STATE_ACTIVE] == 1);
    require(world, in_state[STEK_STATE_RETIRED] == 0);
}

static void exactly_one_record_is_active_and_none_has_retired(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, one_active);
    world_always(WORLD_UNRULY, one_active);
}

static void seals_inside(struct world *world)
{
    /* Not only now: the ring is asked at any time until the owner comes by again. */
    for (unsigned i = 0; i < 20; i++) {
        const int64_t when =
            world->now + prng_between(&world->prng, -1, 1) * prng_scale(&world->prng, 1 << 20);
        const int active = stek_records_active(&world->records, when);
        if (active < 0)
            continue;
        require(world, world->records.at[active].active_from <= when);
        require(world, world->records.at[active].active_until > when);
    }
    if (world->result == STEK_OK)
        require(world, world_active(world)->active_from <= world->now &&
                           world->now < world_active(world)->active_until);
}

static void nothing_seals_outside_its_interval(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, seals_inside);
    world_always(WORLD_UNRULY, seals_inside);
}

static void sealed_opens(struct world *world)
{
    for (size_t i = 0; world->result == STEK_OK && i < world->sealed_count; i++) {
        const bool held = stek_records_hold_secret(&world->records, &world->sealed[i].secret);
        require(world, held == (world->sealed[i].accept_until > world->now));
    }
}

static void what_sealed_opens_until_its_accept_until_and_never_after(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, sealed_opens);
    world_always(WORLD_UNRULY, sealed_opens);
}

/* Holders go on without the owner between two turns, and seal under what they compute. */
static void sealed_by_holders_opens(struct world *world)
{
    for (unsigned i = 0; i < 3 && world->now > world->then; i++) {
        const int64_t when = prng_between(&world->prng, world->then, world->now);
        struct stek_records holder = world->before;
        if (stek_records_settle(&holder, &world->policy, when) == STEK_OK)
            world_note_sealed(world, &holder.at[stek_records_active(&holder, when)]);
    }
    if (!world_started_anew(world))
        sealed_opens(world);
    else
        world->sealed_count = 0;
}

static void what_any_holder_sealed_opens_unless_the_ring_started_anew(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, sealed_by_holders_opens);
}

static void starts_as_documented(struct world *world)
{
    struct stek_records holder = world->before;

    if (!world_started_anew(world))
        return;
    require(world, stek_records_settle(&holder, &world->policy, world->now) == STEK_ERR_BUSY);
}

static void a_ring_starts_anew_only_when_the_chain_is_out_of_reach(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, starts_as_documented);
    world_always(WORLD_UNRULY, starts_as_documented);
}

/* A record that is new in this turn begins where the one before it ends; unless that one retired in
 * the same turn. */
static void no_gap(struct world *world)
{
    const struct stek_records *records = &world->records;

    for (size_t i = 1; world->result == STEK_OK && i < records->count; i++) {
        const struct stek_record *record = &records->at[i];
        const bool starts = world_drew(world, &record->secret) && record->active_from == world->now;
        if (starts || stek_records_hold_secret(&world->before, &record->secret))
            continue;
        if (record[-1].seq + 1 == record->seq)
            require(world, record[-1].active_until == record->active_from);
        else
            require(world,
                    record->active_from <= world->now && record->origin == STEK_ORIGIN_CONTINUED);
    }
}

static void intervals_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, no_gap);
    world_always(WORLD_UNRULY, no_gap);
}

static void continues_the_one_before(struct world *world)
{
    for (size_t i = 1; i < world->records.count; i++) {
        const struct stek_record *record = &world->records.at[i];
        struct stek_secret32 expected;
        if (record->origin != STEK_ORIGIN_CONTINUED || record[-1].seq + 1 != record->seq)
            continue;
        assert_int_equal(stek_derive_continuation(&record[-1].secret, &expected), STEK_OK);
        require(world, memcmp(&record->secret, &expected, sizeof expected) == 0);
    }
}

static void what_nobody_published_is_the_continuation_of_the_record_before(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, continues_the_one_before);
    world_always(WORLD_UNRULY, continues_the_one_before);
}

static void enough_ahead(struct world *world)
{
    uint32_t pending = 0;

    if (world->fresh.count <= STEK_AHEAD_MAX || world->records.count == STEK_RECORDS_MAX)
        return;
    for (size_t i = 0; i < world->records.count; i++)
        pending += stek_record_state(&world->records, i, world->now) == STEK_STATE_PENDING;
    require(world, pending >= world->policy.ahead);
}

static void as_many_records_are_ahead_as_asked_when_fresh_secrets_suffice(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, enough_ahead);
    world_always(WORLD_UNRULY, enough_ahead);
}

static void fresh_begins_late(struct world *world)
{
    for (size_t i = 0; world->result == STEK_OK && i < world->records.count; i++) {
        const struct stek_record *record = &world->records.at[i];
        if (world_drew(world, &record->secret) && record->active_from != world->now)
            require(world, 2 * (record->active_from - world->now) >= world->policy.rotate_s);
    }
}

static void
a_fresh_secret_begins_half_an_interval_after_it_was_drawn_or_starts_the_ring(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, fresh_begins_late);
    world_always(WORLD_UNRULY, fresh_begins_late);
}

static void due_tells(struct world *world)
{
    if (!stek_records_due(&world->before, &world->policy, world->now))
        require(world, memcmp(&world->records, &world->before, sizeof world->records) == 0);
    if (world->fresh.count > STEK_AHEAD_MAX)
        require(world, !stek_records_due(&world->records, &world->policy, world->now));
}

static void a_turn_has_something_to_do_only_when_it_is_due(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, due_tells);
    world_always(WORLD_UNRULY, due_tells);
}

static bool bytes_hold(const struct stek_records *records, const struct stek_secret32 *secret)
{
    return memmem(records, sizeof *records, secret, sizeof *secret) != NULL;
}

static void destroyed(struct world *world)
{
    if (world->result != STEK_OK)
        return;
    for (size_t i = 0; i < world->before.count; i++)
        if (world->before.at[i].accept_until <= world->now)
            require(world, !bytes_hold(&world->records, &world->before.at[i].secret));
    for (size_t i = 0; i < world->gone_count && i < WORLD_GONE_MAX; i++)
        require(world, !bytes_hold(&world->records, &world->gone[i]));
}

static void a_retired_secret_is_nowhere_in_the_bytes_and_never_comes_back(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, destroyed);
    world_always(WORLD_UNRULY, destroyed);
}

static void free_places_are_wiped(struct world *world)
{
    static const struct stek_record wiped;

    for (uint64_t i = world->records.count; i < STEK_RECORDS_MAX; i++)
        require(world, memcmp(&world->records.at[i], &wiped, sizeof wiped) == 0);
}

static void free_places_hold_no_byte(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, free_places_are_wiped);
    world_always(WORLD_UNRULY, free_places_are_wiped);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_sound),
        cmocka_unit_test(a_turn_fails_only_when_a_start_finds_no_fresh_secret),
        cmocka_unit_test(a_turn_that_fails_leaves_the_records_alone),
        cmocka_unit_test(exactly_one_record_is_active_and_none_has_retired),
        cmocka_unit_test(nothing_seals_outside_its_interval),
        cmocka_unit_test(what_sealed_opens_until_its_accept_until_and_never_after),
        cmocka_unit_test(what_any_holder_sealed_opens_unless_the_ring_started_anew),
        cmocka_unit_test(a_ring_starts_anew_only_when_the_chain_is_out_of_reach),
        cmocka_unit_test(intervals_follow_each_other_without_a_gap),
        cmocka_unit_test(what_nobody_published_is_the_continuation_of_the_record_before),
        cmocka_unit_test(as_many_records_are_ahead_as_asked_when_fresh_secrets_suffice),
        cmocka_unit_test(
            a_fresh_secret_begins_half_an_interval_after_it_was_drawn_or_starts_the_ring),
        cmocka_unit_test(a_turn_has_something_to_do_only_when_it_is_due),
        cmocka_unit_test(a_retired_secret_is_nowhere_in_the_bytes_and_never_comes_back),
        cmocka_unit_test(free_places_hold_no_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
