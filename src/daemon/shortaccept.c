/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/shortaccept.h"

#include "core/policy.h"
#include "daemon/system/log.h"

#include <inttypes.h>

void stekd_tell_short_accept(const struct stek_config *config)
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
