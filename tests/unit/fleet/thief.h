/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thief who takes all that a host has: its memory, byte for byte; the files of its key and of its
 * state folder; and what those files held before they were replaced, as a disk still has it. He has
 * recorded the store, and tries everything that he took as the secret of an epoch.
 */
#ifndef TESTS_UNIT_THIEF_H
#define TESTS_UNIT_THIEF_H

#include "week.h"

#include <stdbool.h>
#include <stddef.h>

struct thief {
    uint8_t *loot; /* and what of it reads as hexadecimal digits, as bytes */
    size_t len;
};

/* Takes a host at this time. */
void thief_take(const struct week_host *host, struct thief *ret_thief);
void thief_forget(struct thief *thief);

/* Whether this secret is anywhere in what he took. */
bool thief_has(const struct thief *thief, const struct stek_secret32 *secret);

/* How many epochs he opens of those that records were sealed under which retired by `before`. */
size_t thief_opens(const struct thief *thief, const struct week *week, int64_t before);

#endif
