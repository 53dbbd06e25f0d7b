/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be known of all rings in a process: children that are forked later lock their memory
 * again, and one lock, never held across a fork, guards the rare changes of lists.
 */
#ifndef STEK_RINGFILE_PROCESS_H
#define STEK_RINGFILE_PROCESS_H

#include "ringfile/ring.h"

/*
 * Sets the handlers for forks up; unless called, with the first ring. They take the lock below, and
 * before it whatever was set up later (pthread_atfork(3)). Errors: STEK_ERR_SYSTEM. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_process_prepare(void);

/* Enters a ring in the list. Errors: STEK_ERR_SYSTEM when fork handlers cannot be set up. */
STEK_MUST_USE enum stek_result stek_process_add(struct stek_ring *ring);

void stek_process_remove(struct stek_ring *ring);

/* The lock: short sections only, no callbacks. The longest sweep all caches of a ring, or make its
 * file of counters, once. */
void stek_process_lock(void);
void stek_process_unlock(void);

#endif
