/* SPDX-License-Identifier: Apache-2.0 */
/* Full handshakes, for tickets to examine: plan.tickets of each target, half of each version,
 * spread over plan.over_s.
 */
#include "audit/observe/probe.h"

static const uint16_t versions[2] = {STEK_AUDIT_TLS12, STEK_AUDIT_TLS13};

/* What one version of one target has given so far. */
struct tally {
    uint32_t tries, tickets;
    bool unreachable;
};

static struct tally count(const struct stek_audit_observation *obs, uint32_t target,
                          uint16_t version)
{
    struct tally tally = {0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *shake = &obs->handshakes[i];
        if (shake->target != target || shake->purpose != STEK_AUDIT_OFFER)
            continue;
        if (shake->outcome == STEK_AUDIT_UNREACHABLE)
            tally.unreachable = true;
        if (shake->version_offered == version) {
            tally.tries++;
            tally.tickets += shake->tickets;
        }
    }
    return tally;
}

static bool gave_up(const struct tally *tally)
{
    return tally->unreachable ||
           (tally->tickets == 0 && tally->tries >= STEK_AUDIT_NO_TICKET_TRIES);
}

/* Half of the tickets for each version, all of them for the only one. */
static bool wants_more(const struct stek_audit_observation *obs, uint32_t target, int v)
{
    const struct tally this = count(obs, target, versions[v]);
    const struct tally other = count(obs, target, versions[1 - v]);
    const uint32_t all = obs->plan.tickets;
    const uint32_t share = gave_up(&other) ? all : (all + 1) / 2;

    return obs->targets[target].gave_up[0] == '\0' && !gave_up(&this) && this.tickets < share &&
           this.tries < all;
}

/* Waits until its share of plan.over_s has passed. */
static void wait_for_spread(struct stek_audit_run *run, int64_t started_ms, uint32_t round,
                            uint32_t rounds)
{
    const struct stek_audit_stop stop = {run->hooks.stop, run->hooks.arg};
    const int64_t over_ms = run->obs->plan.over_s * 1000;
    const int64_t at_ms = started_ms + (rounds > 1 ? over_ms * round / (rounds - 1) : 0);

    run->idle_s = over_ms > 0 ? (started_ms + over_ms - stek_audit_now_ms()) / 1000 : 0;
    if (at_ms > stek_audit_now_ms())
        (void)stek_audit_wait(-1, 0, at_ms, &stop);
}

void stek_audit_probe_offers(struct stek_audit_run *run)
{
    const int64_t started_ms = stek_audit_now_ms();
    const uint32_t rounds = (run->obs->plan.tickets + 1) / 2;
    bool more = true;

    for (uint32_t round = 0; more && !stek_audit_run_over(run); round++) {
        more = false;
        wait_for_spread(run, started_ms, round, rounds);
        for (uint32_t i = 0; i < 2 * run->obs->targets_len; i++) {
            if (!wants_more(run->obs, i / 2, (int)(i % 2)))
                continue;
            const struct stek_audit_ask ask =
                stek_audit_ask_full(STEK_AUDIT_OFFER, i / 2, versions[i % 2]);
            (void)stek_audit_probe(run, &ask);
            more = true;
        }
    }
    run->idle_s = 0;
}
