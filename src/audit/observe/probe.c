/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/observe/probe.h"

#include <string.h>

void stek_audit_run_init(struct stek_audit_run *run, struct stek_audit_client *client,
                         struct stek_audit_observation *obs,
                         const struct stek_audit_observe_hooks *hooks)
{
    *run = (struct stek_audit_run){.client = client, .obs = obs, .next_ms = stek_audit_now_ms()};
    if (hooks != NULL)
        run->hooks = *hooks;
}

static struct stek_audit_stop stop_of(const struct stek_audit_run *run)
{
    return (struct stek_audit_stop){run->hooks.stop, run->hooks.arg};
}

bool stek_audit_run_over(const struct stek_audit_run *run)
{
    const struct stek_audit_stop stop = stop_of(run);

    return run->result != STEK_OK || stek_audit_stopped(&stop);
}

/* At least: a rate that does not divide a second is not exceeded. */
static int64_t interval_ms(const struct stek_audit_run *run)
{
    const uint32_t rate = run->obs->plan.rate;

    return rate > 0 ? (1000 + rate - 1) / rate : 0;
}

/* One connection every 1/rate seconds: never a burst after a pause. */
static void wait_for_turn(struct stek_audit_run *run)
{
    const struct stek_audit_stop stop = stop_of(run);
    const int64_t now_ms = stek_audit_now_ms();

    if (run->next_ms > now_ms)
        (void)stek_audit_wait(-1, 0, run->next_ms, &stop);
    else
        run->next_ms = now_ms;
    run->next_ms += interval_ms(run);
}

static enum stek_result carry_out(struct stek_audit_run *run, const struct stek_audit_ask *ask)
{
    if (ask->purpose == STEK_AUDIT_PSK_ONLY)
        return stek_audit_shake_psk_only(run->client, run->obs, ask);
    if (ask->purpose == STEK_AUDIT_EARLY_FIRST || ask->purpose == STEK_AUDIT_EARLY_AGAIN)
        return stek_audit_shake_early(run->client, run->obs, ask);
    return stek_audit_shake(run->client, run->obs, ask);
}

static void tell_progress(struct stek_audit_run *run)
{
    const uint32_t left = run->planned > run->done ? run->planned - run->done : 0;
    const int64_t taken_ms = run->done > 0 ? run->busy_ms / run->done : 0;
    const int64_t each_ms = taken_ms > interval_ms(run) ? taken_ms : interval_ms(run);

    if (run->hooks.progress != NULL)
        run->hooks.progress(run->hooks.arg, run->done, run->planned,
                            run->idle_s + left * each_ms / 1000);
}

uint32_t stek_audit_probe(struct stek_audit_run *run, const struct stek_audit_ask *ask)
{
    const size_t before = run->obs->handshakes_len;

    if (stek_audit_run_over(run) ||
        (run->budget_ms > 0 && run->obs->targets[ask->target].gave_up[0] != '\0'))
        return STEK_AUDIT_NONE;
    wait_for_turn(run);
    if (stek_audit_run_over(run))
        return STEK_AUDIT_NONE;
    const int64_t started_ms = stek_audit_now_ms();
    run->result = carry_out(run, ask);
    const int64_t took_ms = stek_audit_now_ms() - started_ms;
    run->busy_ms += took_ms;
    if (run->obs->handshakes_len > before)
        stek_audit_spend(run, ask->target, (uint32_t)before, took_ms);
    run->done += (uint32_t)(run->obs->handshakes_len - before);
    if (run->obs->handshakes_len > before + 1) /* a replay was a connection of its own */
        run->next_ms += interval_ms(run);
    if (run->hooks.seen != NULL)
        run->hooks.seen(run->hooks.arg);
    tell_progress(run);
    return run->result == STEK_OK && run->obs->handshakes_len > before ? (uint32_t)before
                                                                       : STEK_AUDIT_NONE;
}

struct stek_audit_ask stek_audit_ask_full(enum stek_audit_purpose purpose, uint32_t target,
                                          uint16_t version)
{
    return (struct stek_audit_ask){.purpose = purpose,
                                   .target = target,
                                   .ticket = STEK_AUDIT_NONE,
                                   .version = version,
                                   .flip_at = -1};
}

struct stek_audit_ask stek_audit_ask_ticket(const struct stek_audit_run *run,
                                            enum stek_audit_purpose purpose, uint32_t ticket)
{
    const struct stek_audit_ticket *from = &run->obs->tickets[ticket];

    return (struct stek_audit_ask){.purpose = purpose,
                                   .target = from->target,
                                   .ticket = ticket,
                                   .version = from->version,
                                   .flip_at = -1};
}

bool stek_audit_is_used(const struct stek_audit_observation *obs, uint32_t ticket)
{
    for (size_t i = obs->tickets[ticket].handshake; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *shake = &obs->handshakes[i];
        if (shake->ticket == ticket && shake->purpose != STEK_AUDIT_TAMPER &&
            shake->purpose != STEK_AUDIT_UNKNOWN)
            return true;
    }
    return false;
}

static uint32_t newest_unused(const struct stek_audit_observation *obs, uint32_t target,
                              uint16_t version)
{
    for (size_t i = obs->tickets_len; i-- > 0;) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        if (ticket->target == target && ticket->version == version &&
            strcmp(ticket->sni, obs->targets[target].sni) == 0 &&
            !stek_audit_is_used(obs, (uint32_t)i))
            return (uint32_t)i;
    }
    return STEK_AUDIT_NONE;
}

uint32_t stek_audit_take_ticket(struct stek_audit_run *run, uint32_t target, uint16_t version)
{
    const uint32_t found = newest_unused(run->obs, target, version);

    if (found != STEK_AUDIT_NONE)
        return found;
    const struct stek_audit_ask ask = stek_audit_ask_full(STEK_AUDIT_OFFER, target, version);
    (void)stek_audit_probe(run, &ask);
    return newest_unused(run->obs, target, version);
}

bool stek_audit_gives_tickets(const struct stek_audit_observation *obs, uint32_t target,
                              uint16_t version)
{
    for (size_t i = 0; i < obs->tickets_len; i++)
        if (obs->tickets[i].target == target && obs->tickets[i].version == version)
            return true;
    return false;
}
