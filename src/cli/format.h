/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times and results for people. Pure, but for the time zone and errno. */
#ifndef STEK_CLI_FORMAT_H
#define STEK_CLI_FORMAT_H

#include "status/status.h"

#include <stdint.h>

enum { STEK_FORMAT_LEN = 40, STEK_DURATION_COLUMNS = 6, STEK_COUNT_COLUMNS = 6 };

/* What a format_ function fills and returns, so that it may stand in a call of printf(). */
struct stek_text {
    char at[STEK_FORMAT_LEN];
};

/* 45s, 12m, 2h10m, 3d4h, 400d: at most 6 columns; negative durations as their opposite. */
const char *stek_format_duration(int64_t seconds, struct stek_text *text);

/* 123456, 1.23M, 45.6G: at most 6 columns, cut off, not rounded up. */
const char *stek_format_count(uint64_t count, struct stek_text *text);

/* 2026-11-24 20:10:05 UTC, in the local time zone. */
const char *stek_format_time(int64_t when, struct stek_text *text);

/* Duration as one would write it in a configuration: 1h, 90m, 45s. */
const char *stek_format_setting(int64_t seconds, struct stek_text *text);

/* 98.7 %, or "-" for -1. */
const char *stek_format_permille(int permille, struct stek_text *text);

/* Why something failed: of a system call, what errno says. */
const char *stek_format_result(enum stek_result result);

/*
 * A key's life between `from` and `until`, `width` columns and a final zero: '#' it seals, '-' it
 * only opens, '.' it is published and opens but does not seal yet, '|' now.
 */
void stek_format_timeline(const struct stek_status_key *key, int64_t from, int64_t until,
                          int64_t now, size_t width, char *ret_line);

#endif
