/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/advice.h"

#include "core/policy.h"
#include "daemon/system/log.h"

#include <inttypes.h>
#include <string.h>

static void tell_short_accept(const struct stek_config *config)
{
    for (size_t i = 0; i < config->ring_count; i++) {
        const struct stek_config_ring *ring = &config->rings[i];
        const int64_t accept_s = stek_policy_short_accept(&ring->policy);

        if (accept_s > 0 && ring->source != STEK_SOURCE_SEED)
            stek_log(STEK_LOG_NOTICE,
                     "%s: [ring %s]: accept is %" PRId64 "s, which is shorter than its default: a "
                     "ring holds at most 64 keys",
                     ring->place, ring->name, accept_s);
    }
}

/* The default one may be missing: then nobody counts on it. */
static void tell_admin_group(const struct stek_config *config)
{
    if (config->admin_gid == (gid_t)-1 && strcmp(config->admin_group, STEK_ADMIN_GROUP) != 0)
        stek_log(STEK_LOG_WARNING,
                 "admin_group = %s: there is no such group, so only root and stekd's user may give "
                 "orders: create it, or name another",
                 config->admin_group);
}

void stekd_advise(const struct stek_config *config)
{
    tell_admin_group(config);
    tell_short_accept(config);
}
