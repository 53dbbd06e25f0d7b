/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether any process still maps a stats file, whatever its pid namespace. The maker locks the file
 * through the open file description that it maps. The kernel keeps that description, and so the
 * lock, until the last mapping of it is gone: those of forks count, and no descriptor stays open.
 * A write lock needs write access, which only the file's owner has: others of the ring's group
 * cannot make a file look held.
 */
#ifndef STEK_COUNTERS_STATS_HELD_H
#define STEK_COUNTERS_STATS_HELD_H

#include <stdbool.h>

/* Locks a new file, open for writing; where that fails, nothing is locked. Never blocks. */
void stek_stats_hold(int file);

/* Whether such a lock stands on a file, open for reading. Changes nothing. */
bool stek_stats_is_held(int file);

#endif
