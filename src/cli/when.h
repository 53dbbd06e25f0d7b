/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as people give them. */
#ifndef STEK_CLI_WHEN_H
#define STEK_CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* What stek_when_parse() takes, for messages. */
#define STEK_WHEN_ALLOWED                                                                          \
    "a time that has passed: 2h (ago), '2026-11-24 20:10' (local), 2026-11-24T20:10:00Z, @UNIX"

/* Reads one, seen from `now`, which is not to be time()'s: that is some milliseconds late, and the
 * second that date(1) has just told would not have passed. Returns false, and leaves *ret_when
 * alone, for anything else, and for times after now. */
bool stek_when_parse(const char *text, int64_t now, int64_t *ret_when);

#endif
