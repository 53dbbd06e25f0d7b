/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rings of another configuration, made ready beside those that are kept: they take their place
 * all together, or nothing changes. The steps are those of ringfile/ready.h.
 */
#ifndef STEK_DAEMON_NEXT_H
#define STEK_DAEMON_NEXT_H

#include "daemon/rings.h"

struct stek_next;

/*
 * Makes the rings of the configuration ready. `rings` and `config` are borrowed, and nothing else
 * may change the rings meanwhile. A ring that is not kept now does not count: it is tried, and may
 * fail again. Returns false, and one line says why, when any other cannot be kept.
 */
bool stek_next_prepare(struct stek_rings *rings, const struct stek_config *config, int64_t now,
                       struct stek_next **ret_next, struct stek_config_problem *ret_problem);

/*
 * One of the rings, from 0 on, in the order of the configuration, for whoever needs to know what
 * will be in its file. Returns its name, policy and source, or NULL: there are no more. Copies the
 * state, with its secrets: wipe it. *ret_kept: whether there is one.
 */
const struct stek_config_ring *stek_next_ring(const struct stek_next *next, size_t index,
                                              bool *ret_kept, struct stek_ring_state *ret_state);

/* Gives the files their names and groups. False: one line says which does not work, and why. Give
 * all up then. */
bool stek_next_place(struct stek_next *next, struct stek_config_problem *ret_problem);

/* Takes everything back, and frees. NULL is fine. */
void stek_next_give_up(struct stek_next *next);

/*
 * Switches, and frees: policies and records change, and rings that are not in the configuration go
 * with their files. Cannot fail; what cannot be cleared up is logged, and tried again.
 */
void stek_next_commit(struct stek_next *next, int64_t now);

#endif
