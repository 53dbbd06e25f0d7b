/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *stek_format_duration(int64_t seconds, struct stek_text *text)
{
    return stek_duration_text(seconds, sizeof text->at, text->at);
}

const char *stek_format_count(uint64_t count, struct stek_text *text)
{
    static const char units[] = {'k', 'M', 'G', 'T', 'P', 'E'};
    uint64_t thousands = count;
    size_t unit = 0;

    if (count < 1000000) {
        (void)snprintf(text->at, sizeof text->at, "%" PRIu64, count);
        return text->at;
    }
    for (thousands /= 1000; thousands >= 1000000; unit++)
        thousands /= 1000;
    /* Now it is thousands of the unit after units[unit]. */
    (void)snprintf(text->at, sizeof text->at, "%" PRIu64 ".%01" PRIu64 "%c", thousands / 1000,
                   thousands % 1000 / 100, units[unit + 1]);
    return text->at;
}

const char *stek_format_time(int64_t when, struct stek_text *text)
{
    const time_t seconds = (time_t)when;
    struct tm local;

    if (localtime_r(&seconds, &local) == NULL ||
        strftime(text->at, sizeof text->at, "%Y-%m-%d %H:%M:%S %Z", &local) == 0)
        (void)snprintf(text->at, sizeof text->at, "%" PRId64, when);
    return text->at;
}

const char *stek_format_setting(int64_t seconds, struct stek_text *text)
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;

    /* Two days and more in days; a day as 24h, which is how people write it. */
    while (units[i].s > 1 &&
           (seconds % units[i].s != 0 || (units[i].unit == 'd' && seconds < 172800)))
        i++;
    (void)snprintf(text->at, sizeof text->at, "%" PRId64 "%c", seconds / units[i].s, units[i].unit);
    return text->at;
}

const char *stek_format_permille(int permille, struct stek_text *text)
{
    if (permille < 0)
        (void)snprintf(text->at, sizeof text->at, "-");
    else
        (void)snprintf(text->at, sizeof text->at, "%d.%d %%", permille / 10, permille % 10);
    return text->at;
}

/* The column of a time; before the first: 0, after the last: the last. */
static size_t column_of(int64_t when, int64_t from, int64_t until, size_t width)
{
    if (when <= from)
        return 0;
    if (when >= until)
        return width - 1;
    return (size_t)((double)(when - from) / (double)(until - from) * (double)width);
}

void stek_format_timeline(const struct stek_status_key *key, int64_t from, int64_t until,
                          int64_t now, size_t width, char *ret_line)
{
    const size_t begins = column_of(key->active_from, from, until, width);
    const size_t stops = column_of(key->active_until - 1, from, until, width);
    const size_t ends = column_of(key->accept_until - 1, from, until, width);
    const size_t present = column_of(now, from, until, width);

    memset(ret_line, ' ', width);
    ret_line[width] = '\0';
    for (size_t i = present; i < begins; i++)
        ret_line[i] = '.';
    for (size_t i = begins; i <= ends; i++)
        ret_line[i] = i <= stops && key->origin != STEK_ORIGIN_SUPERSEDED ? '#' : '-';
    ret_line[present] = '|';
}

const char *stek_format_result(enum stek_result result)
{
    return result == STEK_ERR_SYSTEM && errno != 0 ? strerror(errno) : stek_result_text(result);
}
