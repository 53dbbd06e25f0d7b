/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What consumers count, for stekd's answers. Members of a ring's group can write what they like: so
 * each answer has a limit of work, and rounds over all files (counters/stats_scan.h) go on a few
 * milliseconds at a time.
 */
#ifndef STEK_DAEMON_COUNTING_H
#define STEK_DAEMON_COUNTING_H

#include "daemon/rings.h"

/* Goes on with the rounds that are due, for a few milliseconds. Returns whether there is more. */
bool stek_counting_go_on(struct stek_rings *rings);

/* Before an answer that describes rings: gives it its steps, and has a round follow. */
void stek_counting_begin_answer(struct stek_rings *rings);

/* What is going on in a ring. Its counters are as they are now where that is little work, else as
 * the latest round has them. */
void stek_rings_describe(struct stek_rings *rings, const struct stek_kept *kept, int64_t now,
                         struct stek_status_ring *ret_status);

#endif
