/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORLDS = 20, TURNS = 250, FULL_PLACES = STEK_RECORDS_MAX - 2 };

#define YEAR_S ((int64_t)365 * 86400)
#define CLOCK_MAX ((int64_t)1 << 39)

void world_require(const struct world *world, bool holds, const char *condition, const char *file,
                   int line)
{
    if (!holds)
        print_error("world %" PRIu64 ", turn %u, at %" PRId64 " after %" PRId64 ": rotate %" PRId64
                    " accept %" PRId64 " ahead %u\n",
                    world->seed, world->turn, world->now, world->then, world->policy.rotate_s,
                    world->policy.accept_s, world->policy.ahead);
    _assert_true(holds, condition, file, line);
}

bool world_drew(const struct world *world, const struct stek_secret32 *secret)
{
    for (size_t i = 0; i < world->fresh.count; i++)
        if (memcmp(&world->fresh.secret[i], secret, sizeof *secret) == 0)
            return true;
    return false;
}

const struct stek_record *world_active(const struct world *world)
{
    const int active = stek_records_active(&world->records, world->now);

    require(world, active >= 0);
    return &world->records.at[active];
}

bool world_started_anew(const struct world *world)
{
    return world->result == STEK_OK && world_drew(world, &world_active(world)->secret);
}

void world_note_sealed(struct world *world, const struct stek_record *record)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->sealed_count; i++)
        if (world->sealed[i].accept_until > world->then)
            world->sealed[kept++] = world->sealed[i];
    world->sealed_count = kept;
    for (size_t i = 0; i < kept; i++)
        if (memcmp(&world->sealed[i], record, sizeof *record) == 0)
            return;
    assert_true(kept < WORLD_SEALED_MAX);
    world->sealed[world->sealed_count++] = *record;
}

static void note_gone(struct world *world)
{
    for (size_t i = 0; i < world->before.count; i++)
        if (!stek_records_hold_secret(&world->records, &world->before.at[i].secret))
            world->gone[world->gone_count++ % WORLD_GONE_MAX] = world->before.at[i].secret;
}

/* Any sound policy; often one that fills the ring, and often one that is near the one before. */
static struct stek_policy random_policy(struct prng *prng, const struct stek_policy *old)
{
    struct stek_policy policy;

    do {
        policy = (struct stek_policy){.max_session_age_s = 1,
                                      .ahead = (uint32_t)prng_between(prng, 1, STEK_AHEAD_MAX)};
        policy.rotate_s = prng_scale(prng, STEK_ROTATE_MAX_S);
        if (old->rotate_s > 1 && prng_one_in(prng, 2))
            policy.rotate_s =
                old->rotate_s / prng_between(prng, 1, old->rotate_s < 100 ? old->rotate_s : 100);
        policy.accept_s = prng_scale(prng, STEK_ACCEPT_MAX_S);
        if (prng_one_in(prng, 2))
            policy.accept_s = policy.rotate_s * (FULL_PLACES - policy.ahead);
    } while (stek_policy_problem(&policy) != NULL);
    return policy;
}

static int64_t asleep_s(struct world *world)
{
    const int64_t rotate_s = world->policy.rotate_s;

    switch (prng_between(&world->prng, 0, 9)) {
    case 0:
        return prng_scale(&world->prng, 10 * YEAR_S);
    case 1:
        return prng_between(&world->prng, 0, (prng_one_in(&world->prng, 4) ? 300 : 40) * rotate_s);
    case 2:
        return prng_between(&world->prng, 0, world->policy.accept_s + 3 * rotate_s);
    case 3:
    case 4:
    case 5:
        return prng_between(&world->prng, 0, 5 * rotate_s);
    default:
        return prng_between(&world->prng, 0, rotate_s);
    }
}

static int64_t clock_step_s(struct world *world)
{
    if (prng_one_in(&world->prng, 3))
        return prng_scale(&world->prng, CLOCK_MAX);
    if (prng_one_in(&world->prng, 2))
        return -prng_scale(&world->prng, CLOCK_MAX);
    return -prng_between(&world->prng, 0, 3 * world->policy.rotate_s);
}

static void pass_time(struct world *world)
{
    int64_t passed_s = asleep_s(world);

    if (world->kind == WORLD_UNRULY && prng_one_in(&world->prng, 5))
        passed_s = clock_step_s(world);
    world->then = world->now;
    world->now += passed_s;
    if (world->now > CLOCK_MAX || world->now < -CLOCK_MAX)
        world->now = 0;
    if (world->now < world->then)
        world->sealed_count = 0; /* nothing is promised for what the clock took back */
}

static void draw_fresh(struct world *world)
{
    world->fresh.count = STEK_AHEAD_MAX + 1;
    if (prng_one_in(&world->prng, 3))
        world->fresh.count =
            prng_one_in(&world->prng, 2) ? 0 : (uint32_t)prng_between(&world->prng, 1, 3);
    for (size_t i = 0; i < world->fresh.count; i++)
        world->fresh.secret[i] = prng_secret(&world->prng);
}

static void take_turn(struct world *world)
{
    world->turn++;
    if (world->result == STEK_OK &&
        prng_one_in(&world->prng, 8)) /* what was due by the old one comes first: retime.h */
        world->policy = random_policy(&world->prng, &world->policy);
    pass_time(world);
    draw_fresh(world);
    world->before = world->records;
    world->result =
        stek_records_advance(&world->records, &world->policy, world->now, &world->fresh);
}

/* Steady worlds begin in our time and live for decades; the clock of an unruly one may say
 * anything. */
static int64_t live(struct world *world, void (*property)(struct world *world))
{
    int64_t lived_s = 0;

    world->prng.state = world->seed;
    world->policy = random_policy(&world->prng, &(struct stek_policy){0});
    world->now = 1800000000;
    while (world->turn < TURNS) {
        take_turn(world);
        property(world);
        lived_s += world->now > world->then ? world->now - world->then : 0;
        if (world->result != STEK_OK)
            continue;
        note_gone(world);
        world_note_sealed(world, world_active(world));
    }
    return lived_s;
}

static unsigned long worlds_wanted(void)
{
    const char *text = getenv("STEK_TEST_WORLDS");

    return text != NULL ? strtoul(text, NULL, 10) : WORLDS;
}

void world_always(enum world_kind kind, void (*property)(struct world *world))
{
    static struct world world;
    struct prng seeds = {prng_run_seed()};
    const unsigned long worlds = worlds_wanted();
    int64_t lived_s = 0;

    for (unsigned long i = 0; i < worlds; i++) {
        memset(&world, 0, sizeof world);
        world.kind = kind;
        world.seed = prng_next(&seeds);
        lived_s += live(&world, property);
    }
    printf("# %lu worlds, %u turns each, %" PRId64 " years\n", worlds, TURNS, lived_s / YEAR_S);
}
