/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring changes its source: from a host to a fleet or a seed, or back. Another source has other
 * records, with seqs of its own. What the ring has sealed with goes on opening until it retires.
 * Pure.
 */
#ifndef STEK_CORE_HANDOVER_H
#define STEK_CORE_HANDOVER_H

#include "core/record.h"

/*
 * Puts `next` in the place of *records. Of those that were there, some go on opening: the
 * superseded ones, and with `all` every one that has begun. Those that have retired, or whose
 * secret `next` has, do not; nor do those for which there is no room. With `all` they get the seq
 * of the first record of `next`: their own means nothing there.
 */
void stek_records_hand_over(struct stek_records *records, const struct stek_records *next, bool all,
                            int64_t now);

#endif
