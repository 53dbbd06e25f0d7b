/* SPDX-License-Identifier: Apache-2.0 */
/* The words for states, origins, sources and health: the same for people, JSON and metrics. */
#include "status/status.h"

#include <inttypes.h>
#include <stdio.h>

const char *stek_state_name(enum stek_state state)
{
    switch (state) {
    case STEK_STATE_PENDING:
        return "pending";
    case STEK_STATE_ACTIVE:
        return "active";
    case STEK_STATE_DRAINING:
        return "draining";
    default:
        return "retired";
    }
}

const char *stek_origin_name(enum stek_origin origin)
{
    switch (origin) {
    case STEK_ORIGIN_PUBLISHED:
        return "published";
    case STEK_ORIGIN_CONTINUED:
        return "continued";
    default:
        return "superseded";
    }
}

const char *stek_source_name(uint64_t source)
{
    switch (source) {
    case STEK_SOURCE_PRIVATE:
        return "private";
    case STEK_SOURCE_HOST:
        return "host";
    case STEK_SOURCE_FLEET:
        return "fleet";
    case STEK_SOURCE_SEED:
        return "seed";
    default:
        return "unknown";
    }
}

const char *stek_health_name(enum stek_status_health health)
{
    switch (health) {
    case STEK_STATUS_FINE:
        return "fine";
    case STEK_STATUS_CONTINUATION:
        return "continuation";
    case STEK_STATUS_NO_KEY:
        return "no-key";
    case STEK_STATUS_NOT_KEPT:
        return "not-kept";
    default:
        return "unreadable";
    }
}

const char *stek_duration_text(int64_t seconds, size_t size, char *ret_text)
{
    const int64_t s = seconds < 0 ? -seconds : seconds;
    const int64_t minutes = s / 60;
    const int64_t hours = s / 3600;
    const int64_t days = s / 86400;

    if (s < 100)
        (void)snprintf(ret_text, size, "%" PRId64 "s", s);
    else if (minutes < 100)
        (void)snprintf(ret_text, size, "%" PRId64 "m", minutes);
    else if (hours < 48)
        (void)snprintf(ret_text, size, "%" PRId64 "h%" PRId64 "m", hours, minutes % 60);
    else if (days < 100)
        (void)snprintf(ret_text, size, "%" PRId64 "d%" PRId64 "h", days, hours % 24);
    else
        (void)snprintf(ret_text, size, "%" PRId64 "d", days < 99999 ? days : 99999);
    return ret_text;
}
