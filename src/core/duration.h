/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as people write them: 90s, 15m, 1h, 7d. Pure. */
#ifndef STEK_CORE_DURATION_H
#define STEK_CORE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a whole number of at most 9 digits and one of the units s, m, h, d, with nothing before,
 * between or after. Returns false, and leaves *ret_seconds alone, for anything else.
 */
bool stek_duration_parse(const char *text, int64_t *ret_seconds);

/* Reads a whole number of at most 9 digits. Returns false, and leaves *ret_number alone, for
 * anything else. */
bool stek_number_parse(const char *text, int64_t *ret_number);

#endif
