/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of a ring: defaults and limits. Pure. */
#ifndef STEK_CORE_POLICY_H
#define STEK_CORE_POLICY_H

#include "stek.h"

#include <stddef.h>

enum {
    STEK_ROTATE_DEFAULT_S = 3600,
    STEK_ACCEPT_DEFAULT_S = 12 * 3600,
    STEK_MAX_SESSION_AGE_DEFAULT_S = 24 * 3600,
    STEK_AHEAD_DEFAULT = 2,
    STEK_ROTATE_MAX_S = 7 * 86400,
    STEK_ACCEPT_MAX_S = 7 * 86400, /* RFC 9846 section 4.6.1: no ticket lives longer */
    STEK_MAX_SESSION_AGE_MAX_S = 30 * 86400,
    STEK_AHEAD_MAX = 16
};

/* The policy with defaults in the place of zeros. NULL gives the defaults. `accept` is shorter than
 * its default where a ring could not hold so many keys. Does not check: stek_policy_problem()
 * does. */
struct stek_policy stek_policy_resolve(const struct stek_policy *policy);

/* The seconds that `accept` gets in the place of its default, because a ring could not hold so many
 * keys; 0 if it was given or has the default. */
int64_t stek_policy_short_accept(const struct stek_policy *policy);

#endif
