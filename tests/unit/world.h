/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring that lives for years on a virtual clock: its owner comes by when it likes, its policy
 * changes, its random generator runs dry at times, and in an unruly world the clock steps back and
 * far forward. A property looks at the world after every turn. All of it follows from the seed that
 * the run prints (STEK_TEST_SEED); STEK_TEST_WORLDS asks for more worlds than the usual 20.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include "unit.h"

#include "prng.h"

#include "core/schedule.h"

enum world_kind {
    WORLD_STEADY, /* the clock only goes forward */
    WORLD_UNRULY  /* it also steps back, and far forward */
};

enum { WORLD_SEALED_MAX = 512, WORLD_GONE_MAX = 512 };

struct world {
    uint64_t seed;
    unsigned turn;
    enum world_kind kind;
    struct prng prng;

    /* This turn: at `now` the owner advanced `before` to `records`, with `fresh`, under `policy`.
     */
    struct stek_policy policy; /* in force since `then`, the turn before */
    struct stek_fresh fresh;
    int64_t then;
    int64_t now;
    enum stek_result result;
    struct stek_records before;
    struct stek_records records;

    /* All turns: what sealed at some time while the clock only went forward, and the last secrets
     * that went. */
    size_t sealed_count;
    struct stek_record sealed[WORLD_SEALED_MAX];
    size_t gone_count;
    struct stek_secret32 gone[WORLD_GONE_MAX];
};

/* Looks at each turn of many worlds. Prints how many years they saw. */
void world_always(enum world_kind kind, void (*property)(struct world *world));

/* Whether the owner began a new chain in this turn. */
bool world_started_anew(const struct world *world);

/* Whether `secret` was drawn in this turn. */
bool world_drew(const struct world *world, const struct stek_secret32 *secret);

/* The record that seals now; fails the test if there is none. */
const struct stek_record *world_active(const struct world *world);

/* Keeps a record that somebody sealed under. */
void world_note_sealed(struct world *world, const struct stek_record *record);

/* Like assert_true(), and says in which world and turn. */
#define require(world, condition) world_require(world, condition, #condition, __FILE__, __LINE__)

void world_require(const struct world *world, bool holds, const char *condition, const char *file,
                   int line);

#endif
