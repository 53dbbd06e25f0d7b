/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One service for each state directory, and whether there is one.
 *
 * `lock` is its user's alone. Whoever can open a file can lock it, and so keep a service from
 * starting. Whether one runs shows on another file, `runs`, which all may read: it is new with each
 * start, and has its lock before others can open it.
 */
#ifndef STEK_FEED_LOCK_H
#define STEK_FEED_LOCK_H

#include <stdbool.h>

enum stek_feed_lock { STEK_FEED_LOCKED, STEK_FEED_LOCK_TAKEN, STEK_FEED_LOCK_FAILED };

/* Makes the directory if it is missing, and holds both locks until this process and its forks have
 * ended. TAKEN: another service runs on it. FAILED: errno says why. */
enum stek_feed_lock stek_feed_lock_hold(const char *state_dir);

/* Whether a service runs on this directory. Any user may ask, and disturbs no service. */
bool stek_feed_is_served(const char *state_dir);

#endif
