/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose tickets open where. For each ordered pair of targets: the ticket of one at the address of
 * the other under the name that it was issued for (MATRIX), and under the other's own name
 * (OTHER_NAME); and for both a full handshake with the same address and name (CONTROL), which shows
 * what a client without a ticket is given there. None shows a client certificate.
 */
#include "audit/observe/probe.h"

#include <string.h>

static bool same_address(const struct stek_audit_target *a, const struct stek_audit_target *b)
{
    return a->port == b->port && strcmp(a->address, b->address) == 0;
}

static bool has_control(const struct stek_audit_observation *obs, uint32_t target, uint16_t version,
                        const char *sni)
{
    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *shake = &obs->handshakes[i];
        if (shake->purpose == STEK_AUDIT_CONTROL && shake->target == target &&
            shake->version_offered == version && strcmp(shake->sni, sni) == 0)
            return true;
    }
    return false;
}

static void offer_at(struct stek_audit_run *run, enum stek_audit_purpose purpose, uint32_t from,
                     uint32_t to, uint16_t version)
{
    const char *sni = run->obs->targets[purpose == STEK_AUDIT_MATRIX ? from : to].sni;
    struct stek_audit_ask control = stek_audit_ask_full(STEK_AUDIT_CONTROL, to, version);

    control.sni = sni;
    control.without_cert = true;
    if (!has_control(run->obs, to, version, sni))
        (void)stek_audit_probe(run, &control);
    for (int i = 0; i < STEK_AUDIT_PAIR_TRIES; i++) {
        const uint32_t ticket = stek_audit_take_ticket(run, from, version);
        if (ticket == STEK_AUDIT_NONE)
            return;
        struct stek_audit_ask ask = stek_audit_ask_ticket(run, purpose, ticket);
        ask.target = to;
        ask.sni = sni;
        ask.without_cert = true;
        (void)stek_audit_probe(run, &ask);
    }
}

static void probe_pair(struct stek_audit_run *run, uint32_t from, uint32_t to, uint16_t version)
{
    const struct stek_audit_target *a = &run->obs->targets[from];
    const struct stek_audit_target *b = &run->obs->targets[to];

    if (!same_address(a, b))
        offer_at(run, STEK_AUDIT_MATRIX, from, to, version);
    if (strcmp(a->sni, b->sni) != 0)
        offer_at(run, STEK_AUDIT_OTHER_NAME, from, to, version);
}

void stek_audit_probe_pairs(struct stek_audit_run *run, uint16_t version)
{
    const uint32_t count = (uint32_t)run->obs->targets_len;

    for (uint32_t from = 0; from < count; from++)
        for (uint32_t to = 0; to < count && stek_audit_gives_tickets(run->obs, from, version); to++)
            if (from != to && run->obs->targets[to].address[0] != '\0' && !stek_audit_run_over(run))
                probe_pair(run, from, to, version);
}
