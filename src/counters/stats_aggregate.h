/* SPDX-License-Identifier: Apache-2.0 */
/* How what ended programs have counted comes into RING.total: killed at any point, the writer
 * neither loses nor counts twice. */
#ifndef STEK_COUNTERS_STATS_FOLD_H
#define STEK_COUNTERS_STATS_FOLD_H

#include "counters/stats_files.h"

/* Adds the file in `view` to the total, with its last numbers. The total must have room for a name,
 * and is not written yet. */
void stek_stats_aggregate_add(struct stek_stats_walk *walk, struct stek_stats_total *total);

/* Writes the total, removes the files that it names, and writes it without the names. Returns
 * whether that worked; what could not be removed stays named. */
bool stek_stats_aggregate_commit(int run_dir, const char *ring, int dir,
                                 struct stek_stats_total *total);

/* Removes the files that a total names which was just read: of a writer that was killed. */
bool stek_stats_aggregate_resume(int run_dir, const char *ring, int dir,
                                 struct stek_stats_total *total);

#endif
