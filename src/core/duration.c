/* SPDX-License-Identifier: Apache-2.0 */
#include "core/duration.h"

#include <stddef.h>

enum { DIGITS_MAX = 9 };

/* Reads digits and returns the place after them, or NULL when there are none or too many. */
static const char *digits(const char *text, int64_t *ret_number)
{
    int64_t number = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (at - text == DIGITS_MAX)
            return NULL;
        number = number * 10 + (*at - '0');
    }
    if (at == text)
        return NULL;
    *ret_number = number;
    return at;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}

bool stek_duration_parse(const char *text, int64_t *ret_seconds)
{
    int64_t number;
    const char *unit = digits(text, &number);

    if (unit == NULL || unit_seconds(unit[0]) == 0 || unit[1] != '\0')
        return false;
    *ret_seconds = number * unit_seconds(unit[0]);
    return true;
}

bool stek_number_parse(const char *text, int64_t *ret_number)
{
    int64_t number;
    const char *end = digits(text, &number);

    if (end == NULL || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}
