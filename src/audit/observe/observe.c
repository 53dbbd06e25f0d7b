/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/observe/observe.h"

#include "audit/observe/probe.h"

enum {
    /* Connections of one target that do not look for tickets, for both versions and either one's
     * own. A ticket that is asked for when none is left costs one more. */
    BOTH = 2 * (STEK_AUDIT_RESUME_TRIES + STEK_AUDIT_REUSE_TRIES + STEK_AUDIT_UNKNOWN_TRIES +
                2 * STEK_AUDIT_FLIPS_MAX + 1 /* other version */),
    ONLY_12 = 1, /* other cipher */
    ONLY_13 =
        STEK_AUDIT_PSK_ONLY_TRIES + 2 /* early data, the ticket again */ + STEK_AUDIT_EARLY_REPLAYS,
    GIVING_UP = 2 * STEK_AUDIT_NO_TICKET_TRIES,
    TAKEN = 2 * (STEK_AUDIT_RESUME_TRIES + 2) + STEK_AUDIT_PSK_ONLY_TRIES +
            2, /* tickets that these use up */
    PAIR = 2 * 2 * (1 + STEK_AUDIT_PAIR_TRIES),
    PAIR_TAKEN = 2 * 2 * STEK_AUDIT_PAIR_TRIES,
    ROUND = 3 /* sample, life, chain */
};

uint32_t stek_audit_planned(const struct stek_audit_plan *plan, size_t targets_len)
{
    const uint32_t targets = (uint32_t)targets_len;
    const uint32_t taken = TAKEN + (targets - 1) * PAIR_TAKEN;
    const uint32_t more = plan->tickets / 2 < taken ? taken : 0;

    return targets * (plan->tickets + GIVING_UP + BOTH + ONLY_12 + ONLY_13 + more) +
           targets * (targets - 1) * PAIR;
}

int64_t stek_audit_time_limit(const struct stek_audit_plan *plan, size_t targets_len)
{
    const int64_t planned = stek_audit_planned(plan, targets_len);
    const int64_t pace_s = plan->rate > 0 ? planned / plan->rate + 1 : 0;

    return plan->over_s + pace_s + planned * STEK_AUDIT_EACH_MS / 1000 +
           (int64_t)targets_len * STEK_AUDIT_WAIT_S;
}

uint32_t stek_audit_planned_round(size_t targets_len)
{
    return (uint32_t)targets_len * 2 * ROUND;
}

static void probe_target(struct stek_audit_run *run, uint32_t target)
{
    static const uint16_t versions[2] = {STEK_AUDIT_TLS12, STEK_AUDIT_TLS13};

    for (int v = 0; v < 2; v++) {
        if (stek_audit_run_over(run) || !stek_audit_gives_tickets(run->obs, target, versions[v]))
            continue;
        stek_audit_probe_resumption(run, target, versions[v]);
        stek_audit_probe_tampering(run, target, versions[v]);
        if (versions[v] == STEK_AUDIT_TLS13)
            stek_audit_probe_early(run, target);
    }
}

enum stek_result stek_audit_observe(struct stek_audit_client *client,
                                    struct stek_audit_observation *obs,
                                    const struct stek_audit_observe_hooks *hooks)
{
    struct stek_audit_run run;

    if (obs->handshakes_len == 0)
        obs->started = obs->ended = stek_audit_now();
    stek_audit_run_init(&run, client, obs, hooks);
    run.planned = stek_audit_planned(&obs->plan, obs->targets_len);
    run.budget_ms = (int64_t)run.planned * STEK_AUDIT_EACH_MS / (int64_t)obs->targets_len;
    stek_audit_probe_offers(&run);
    for (uint32_t i = 0; i < obs->targets_len; i++)
        probe_target(&run, i);
    stek_audit_probe_pairs(&run, STEK_AUDIT_TLS12);
    stek_audit_probe_pairs(&run, STEK_AUDIT_TLS13);
    obs->interrupted = stek_audit_run_over(&run);
    return run.result;
}
