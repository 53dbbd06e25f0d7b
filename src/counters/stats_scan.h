/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds over the counters of a ring, for its writer, a few steps at a time. A round sums up; it
 * adds the files whose processes are all gone to RING.total and removes them; and it clears up:
 *
 * - what is no stats file and has not changed for an hour goes,
 * - and so does what is beyond STEK_STATS_FILES_MAX of these at once,
 * - a file that is longer than a stats file goes at once,
 * - so does a file over the limits when there are more than STEK_STATS_FILES_MAX in all.
 */
#ifndef STEK_COUNTERS_STATS_SCAN_H
#define STEK_COUNTERS_STATS_SCAN_H

#include "counters/stats.h"

struct stek_stats_scan;

/* `run_dir` is borrowed as long as the scan lives. After a fork, a file has
 * `patience_s` until its child has entered itself. NULL: no memory. */
struct stek_stats_scan *stek_stats_scan_new(int run_dir, const char *ring, uint64_t patience_s);
void stek_stats_scan_free(struct stek_stats_scan *scan);

enum { STEK_STATS_PATIENCE_S = 10 };

/* Goes on with the round, or begins one, for so many steps and what the last file costs. Returns
 * whether the round has ended (also because the directory cannot be read). */
bool stek_stats_scan_go_on(struct stek_stats_scan *scan, unsigned steps);

/* The sum of the latest whole round, or NULL: none has ended yet. */
const struct stek_stats_sum *stek_stats_scan_latest(const struct stek_stats_scan *scan);

#endif
