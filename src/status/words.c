/* SPDX-License-Identifier: Apache-2.0 */
/* The words for states, origins, sources and health: the same for people, JSON and metrics. */
#include "status/status.h"

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
    default:
        return "unreadable";
    }
}
