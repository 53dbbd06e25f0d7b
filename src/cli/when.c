/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include "core/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool parse_unix(const char *text, int64_t *ret_when)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    const long long when = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_when = when;
    return true;
}

/* mktime() and timegm() make the 30th of February the 2nd of March: then the day is another one. */
static bool parse_date(const char *text, int64_t *ret_when)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ",
                                        "%Y-%m-%d %H:%M:%S",  "%Y-%m-%d %H:%M",
                                        "%Y-%m-%dT%H:%M:%S",  "%Y-%m-%dT%H:%M"};

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm date = {.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &date);
        if (end == NULL || *end != '\0')
            continue;
        const int day = date.tm_mday;
        if (i < 2)
            date.tm_isdst = 0;
        const time_t when = i < 2 ? timegm(&date) : mktime(&date);
        *ret_when = when;
        return date.tm_mday == day;
    }
    return false;
}

bool stek_when_parse(const char *text, int64_t now, int64_t *ret_when)
{
    int64_t when = 0;
    int64_t ago;
    bool ok;

    if (stek_duration_parse(text, &ago)) {
        when = now - ago;
        ok = true;
    } else if (text[0] == '@') {
        ok = parse_unix(text + 1, &when);
    } else {
        ok = parse_date(text, &when);
    }
    if (!ok || when > now)
        return false;
    *ret_when = when;
    return true;
}
