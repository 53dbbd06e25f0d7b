/* SPDX-License-Identifier: Apache-2.0 */
/* Rings of source seed: their records are computed from a file, the same on every host. */
#ifndef STEK_DAEMON_SEEDS_H
#define STEK_DAEMON_SEEDS_H

#include "core/clockcheck.h"
#include "daemon/kept.h"

/*
 * Brings the ring up to what its seed says at `now`, and the file up to the oldest record that
 * still opens: what was before is destroyed in both. The file cannot be taken back, so it waits
 * until the clock is believed: for at most an hour after stekd has started or the clock was set,
 * and for a day, which the log says, if the seed is older than its keys live. Returns NULL, or what
 * is wrong (static): the ring then uses the same continuations. *ret_next is when to come again.
 */
const char *stek_seed_update(struct stek_kept *kept, const struct stek_clockcheck *clock,
                             int64_t now, int64_t *ret_next);

#endif
