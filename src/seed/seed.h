/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings without a store: every host is given the same seed, and each advances it one way by the
 * continuation. Pure; the file is read and replaced by seed/seedfile.h. docs/formats.md has the
 * format.
 *
 * The attacker who reads a host's seed at some time has that time's keys, those before it for as
 * long as they open, and all later ones until the hosts are given a new seed; none that had
 * retired. There is no healing by random bytes: a fleet on a store is better.
 */
#ifndef STEK_FLEET_SEED_H
#define STEK_FLEET_SEED_H

#include "stek.h"

#include "core/record.h"

#include <stddef.h>

enum { STEK_SEED_TEXT_MAX = 512, STEK_SEED_RING_MAX = 64, STEK_SEED_STEPS_MAX = 1 << 20 };

/* The state of a seed: record `seq`, which begins at active_from. All later ones follow from it. */
struct stek_seed {
    char ring[STEK_SEED_RING_MAX + 1];
    int64_t rotate_s; /* the same on all hosts, so it is in the seed */
    int64_t accept_s;
    uint64_t seq;
    int64_t active_from;
    struct stek_secret32 secret;
};

static inline void stek_seed_wipe(struct stek_seed *seed)
{
    stek_wipe(seed, sizeof *seed);
}

/* Reads a seed's text. Returns NULL, or what is wrong (static), with *ret_seed untouched. */
const char *stek_seed_parse(const char *text, size_t len, struct stek_seed *ret_seed);

/* Writes a seed without a final zero. Errors: STEK_ERR_RANDOM (weak secret), STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_seed_format(const struct stek_seed *seed,
                                                char ret_text[STEK_SEED_TEXT_MAX], size_t *ret_len);

/*
 * Advances a seed to the oldest record that still opens at `now`, and destroys what was before. A
 * seed of a later time stays as it is. Errors: STEK_ERR_BUSY (more than STEK_SEED_STEPS_MAX
 * intervals old); STEK_ERR_CRYPTO, STEK_ERR_RANDOM; the seed is then untouched.
 */
STEK_MUST_USE enum stek_result stek_seed_advance(struct stek_seed *seed, int64_t now);

/*
 * The records of a seed at `now`: those that open, and `ahead` later ones. Errors: as above, and
 * STEK_ERR_POLICY when they are more than a ring holds.
 */
STEK_MUST_USE enum stek_result stek_seed_records(const struct stek_seed *seed, uint32_t ahead,
                                                 int64_t now, struct stek_records *ret_records);

/* When the seed is to be advanced next: when its record retires. */
int64_t stek_seed_due(const struct stek_seed *seed);

#endif
