/* SPDX-License-Identifier: Apache-2.0 */
/* What a target may cost. A silent one costs one connection, a hostile one its share of the time
 * that was announced, and no more. */
#include "audit/observe/probe.h"

#include <stdio.h>

enum { LOST_MAX = 3 };

static bool brought_nothing(const struct stek_audit_handshake *shake)
{
    return shake->outcome == STEK_AUDIT_TIMEOUT || shake->outcome == STEK_AUDIT_UNREACHABLE;
}

static void give_up(struct stek_audit_target *target, const struct stek_audit_spent *spent,
                    bool silent, bool over)
{
    if (silent)
        (void)snprintf(target->gave_up, sizeof target->gave_up,
                       "the first handshake was not done in time: no other was tried");
    else if (spent->lost >= LOST_MAX)
        (void)snprintf(target->gave_up, sizeof target->gave_up,
                       "%u connections in a row were not answered in time: no other was tried",
                       (unsigned)spent->lost);
    else if (over)
        (void)snprintf(target->gave_up, sizeof target->gave_up,
                       "%u connections took %lld s, longer than was announced: no other was tried",
                       (unsigned)spent->connections, (long long)(spent->ms / 1000));
}

void stek_audit_spend(struct stek_audit_run *run, uint32_t target, uint32_t handshake, int64_t ms)
{
    const struct stek_audit_handshake *shake = &run->obs->handshakes[handshake];
    struct stek_audit_spent *spent = &run->spent[target];

    spent->ms += ms;
    spent->connections++;
    spent->lost = brought_nothing(shake) ? spent->lost + 1 : 0;
    if (run->budget_ms == 0)
        return;
    give_up(&run->obs->targets[target], spent,
            spent->connections == 1 && shake->outcome == STEK_AUDIT_TIMEOUT,
            spent->ms > run->budget_ms);
}
