/* SPDX-License-Identifier: Apache-2.0 */
/* Holders of the same records stay in step without a word: properties in any world (world.h). */
#include "world.h"

#include <string.h>

/* The bytes of the record that seals, NULL if none does. */
static const struct stek_record *sealing(const struct stek_records *records, int64_t now)
{
    const int active = stek_records_active(records, now);

    return active < 0 ? NULL : &records->at[active];
}

static void owner_and_holder_agree(struct world *world, const struct stek_fresh *fresh)
{
    struct stek_records holder = world->before;
    struct stek_records owner = world->before;

    if (stek_records_settle(&holder, &world->policy, world->now) != STEK_OK)
        return;
    require(world, stek_records_advance(&owner, &world->policy, world->now, fresh) == STEK_OK);
    require(world, memcmp(sealing(&owner, world->now), sealing(&holder, world->now),
                          sizeof *owner.at) == 0);
}

static void agree_without_fresh(struct world *world)
{
    owner_and_holder_agree(world, &(struct stek_fresh){0});
}

static void a_holder_of_an_older_copy_seals_as_an_owner_without_fresh_secrets(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, agree_without_fresh);
    world_always(WORLD_UNRULY, agree_without_fresh);
}

static void agree_with_fresh(struct world *world)
{
    owner_and_holder_agree(world, &world->fresh);
}

static void a_holder_of_an_older_copy_seals_as_an_owner_that_has_fresh_secrets_again(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, agree_with_fresh);
    world_always(WORLD_UNRULY, agree_with_fresh);
}

static void same_chain_by_stages(struct world *world)
{
    struct stek_records at_once = world->before;
    struct stek_records by_stages = world->before;

    if (world->now < world->then ||
        stek_records_settle(&at_once, &world->policy, world->now) != STEK_OK)
        return;
    for (int64_t when = world->then; when < world->now;
         when = prng_between(&world->prng, when + 1, world->now))
        if (stek_records_settle(&by_stages, &world->policy, when) != STEK_OK)
            require(world, world->before.at[0].active_from > when);
    require(world, stek_records_settle(&by_stages, &world->policy, world->now) == STEK_OK);
    require(world, memcmp(&by_stages, &at_once, sizeof at_once) == 0);
}

static void holders_that_come_by_at_different_times_compute_the_same_chain(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, same_chain_by_stages);
}

static void settled_is_sound(struct world *world)
{
    struct stek_records holder = world->before;

    if (stek_records_settle(&holder, &world->policy, world->now) != STEK_OK) {
        require(world, memcmp(&holder, &world->before, sizeof holder) == 0);
        return;
    }
    require(world, stek_records_problem(&holder) == NULL);
    require(world, sealing(&holder, world->now) != NULL);
    for (size_t i = 0; i < holder.count; i++)
        require(world, stek_record_state(&holder, i, world->now) != STEK_STATE_RETIRED);
}

static void a_holder_has_sound_records_and_one_that_seals_or_leaves_them_alone(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, settled_is_sound);
    world_always(WORLD_UNRULY, settled_is_sound);
}

static void settles_to_itself(struct world *world)
{
    struct stek_records holder = world->records;

    if (world->result != STEK_OK)
        return;
    require(world, stek_records_settle(&holder, &world->policy, world->now) == STEK_OK);
    require(world, memcmp(&holder, &world->records, sizeof holder) == 0);
}

static void what_the_owner_advanced_a_holder_leaves_as_it_is(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, settles_to_itself);
    world_always(WORLD_UNRULY, settles_to_itself);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holder_of_an_older_copy_seals_as_an_owner_without_fresh_secrets),
        cmocka_unit_test(a_holder_of_an_older_copy_seals_as_an_owner_that_has_fresh_secrets_again),
        cmocka_unit_test(holders_that_come_by_at_different_times_compute_the_same_chain),
        cmocka_unit_test(a_holder_has_sound_records_and_one_that_seals_or_leaves_them_alone),
        cmocka_unit_test(what_the_owner_advanced_a_holder_leaves_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
