/* SPDX-License-Identifier: Apache-2.0 */
/* How many lines the log gets: who owns the store must not fill it. */
#ifndef STEK_FLEET_LINES_H
#define STEK_FLEET_LINES_H

#include <stdbool.h>
#include <stdint.h>

/* At most so many lines at a time; then one whenever so much time has passed. */
enum { STEK_LINES_MAX = 60, STEK_LINE_EVERY_MS = 10000 };

/* All zero to begin with. */
struct stek_lines {
    unsigned count;    /* that were logged lately */
    int64_t since_ms;  /* when that number last went down */
    uint64_t left_out; /* that were not logged, and were not told of yet */
};

/*
 * Whether a line may be logged at `now_ms` (monotonic); it counts as logged. Then *ret_left_out is
 * the number of lines that were not, since the last one that was. Not thread-safe.
 */
bool stek_lines_take(struct stek_lines *lines, int64_t now_ms, uint64_t *ret_left_out);

#endif
