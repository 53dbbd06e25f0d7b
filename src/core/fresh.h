/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes for the schedule, which draws none itself. */
#ifndef STEK_CORE_FRESH_H
#define STEK_CORE_FRESH_H

#include "core/policy.h"
#include "crypto/derive.h"
#include "crypto/wipe.h"

/* Fresh secrets, drawn before the decision is made; as many as one advance can use. */
struct stek_fresh {
    uint32_t count;
    struct stek_secret32 secret[STEK_AHEAD_MAX + 1];
};

static inline void stek_fresh_wipe(struct stek_fresh *fresh)
{
    stek_wipe(fresh, sizeof *fresh);
}

#endif
