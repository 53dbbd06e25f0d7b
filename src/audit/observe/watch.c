/* SPDX-License-Identifier: Apache-2.0 */
/* The long watch. It depends on the observation only, so it can continue after a break. */
#include "audit/observe/probe.h"
#include "audit/observe/watch_choice.h"

static void offer(struct stek_audit_run *run, enum stek_audit_purpose purpose, uint32_t ticket)
{
    if (ticket == STEK_AUDIT_NONE)
        return;
    const struct stek_audit_ask ask = stek_audit_ask_ticket(run, purpose, ticket);
    (void)stek_audit_probe(run, &ask);
}

static void do_round(struct stek_audit_run *run)
{
    static const uint16_t versions[2] = {STEK_AUDIT_TLS12, STEK_AUDIT_TLS13};
    const struct stek_audit_observation *obs = run->obs;

    for (uint32_t i = 0; i < 2 * obs->targets_len && !stek_audit_run_over(run); i++) {
        const uint32_t target = i / 2;
        const uint16_t version = versions[i % 2];
        if (!stek_audit_gives_tickets(obs, target, version))
            continue;
        const struct stek_audit_ask sample =
            stek_audit_ask_full(STEK_AUDIT_SAMPLE, target, version);
        (void)stek_audit_probe(run, &sample);
        offer(run, STEK_AUDIT_LIFE, stek_audit_choose_life(obs, target, version, stek_audit_now()));
        offer(run, STEK_AUDIT_CHAIN, stek_audit_choose_chain(obs, target, version));
    }
}

enum stek_result stek_audit_watch(struct stek_audit_client *client,
                                  struct stek_audit_observation *obs,
                                  const struct stek_audit_observe_hooks *hooks)
{
    const struct stek_audit_stop stop = {hooks->stop, hooks->arg};
    const int64_t end = obs->started + obs->plan.watch_s;
    const int64_t every = obs->plan.sample_s;
    struct stek_audit_run run;

    stek_audit_run_init(&run, client, obs, hooks);
    obs->interrupted = false;
    while (stek_audit_now() < end && !stek_audit_run_over(&run)) {
        const int64_t now = stek_audit_now();
        const int64_t next =
            now + every -
            (now - obs->started) % every; /* rounds that were slept through are left out */
        run.idle_s = end - now;
        do_round(&run);
        const int64_t left_s = (next < end ? next : end) - stek_audit_now();
        (void)stek_audit_wait(-1, 0, stek_audit_now_ms() + left_s * 1000, &stop);
    }
    obs->interrupted = stek_audit_run_over(&run);
    return run.result;
}
