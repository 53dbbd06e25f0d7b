/* SPDX-License-Identifier: Apache-2.0 */
/* Whether tickets are taken: at all, twice, without a key exchange, with another suite, in another
 * version, with early data. */
#include "audit/observe/probe.h"

#include <openssl/ssl.h>

#include <stdio.h>

/* Suites that almost every server has. The client's binder uses the hash of the TLS 1.3 suite. */
enum { FAKE_CIPHER_12 = 0xc02f, FAKE_CIPHER_13_SHA256 = 0x1301, FAKE_CIPHER_13_SHA384 = 0x1302 };

/* Offers the ticket and returns the handshake, or NULL when the run is over. */
static const struct stek_audit_handshake *offer(struct stek_audit_run *run,
                                                enum stek_audit_purpose purpose, uint32_t ticket)
{
    if (ticket == STEK_AUDIT_NONE)
        return NULL;
    const struct stek_audit_ask ask = stek_audit_ask_ticket(run, purpose, ticket);
    const uint32_t index = stek_audit_probe(run, &ask);
    return index != STEK_AUDIT_NONE ? &run->obs->handshakes[index] : NULL;
}

static void resume(struct stek_audit_run *run, uint32_t target, uint16_t version)
{
    uint32_t taken = STEK_AUDIT_NONE;

    for (int i = 0; i < STEK_AUDIT_RESUME_TRIES; i++) {
        const uint32_t ticket = stek_audit_take_ticket(run, target, version);
        const struct stek_audit_handshake *shake = offer(run, STEK_AUDIT_RESUME, ticket);
        if (shake == NULL)
            return;
        if (shake->resumed)
            taken = ticket;
    }
    for (int i = 0; i < STEK_AUDIT_REUSE_TRIES; i++)
        if (offer(run, STEK_AUDIT_REUSE, taken) == NULL)
            return;
}

/* TLS 1.2: the ticket, with every suite but its own. */
static void offer_other_cipher(struct stek_audit_run *run, uint32_t target)
{
    const uint32_t ticket = stek_audit_take_ticket(run, target, STEK_AUDIT_TLS12);
    char suites[128];

    if (ticket == STEK_AUDIT_NONE)
        return;
    struct stek_audit_ask ask = stek_audit_ask_ticket(run, STEK_AUDIT_OTHER_CIPHER, ticket);
    const char *name = stek_audit_cipher_name(run->client, run->obs->tickets[ticket].cipher);
    if (name == NULL)
        return;
    (void)snprintf(suites, sizeof suites, "ALL:!%s:@SECLEVEL=0", name);
    ask.ciphers = suites;
    (void)stek_audit_probe(run, &ask);
}

static void offer_other_version(struct stek_audit_run *run, uint32_t target, uint16_t version)
{
    const uint32_t ticket = stek_audit_take_ticket(run, target, version);

    if (ticket == STEK_AUDIT_NONE)
        return;
    struct stek_audit_ask ask = stek_audit_ask_ticket(run, STEK_AUDIT_OTHER_VERSION, ticket);
    ask.version = version == STEK_AUDIT_TLS12 ? STEK_AUDIT_TLS13 : STEK_AUDIT_TLS12;
    const bool sha384 = stek_audit_cipher_is_sha384(run->client, run->obs->tickets[ticket].cipher);
    ask.fake_cipher = sha384 ? FAKE_CIPHER_13_SHA384 : FAKE_CIPHER_13_SHA256;
    if (version == STEK_AUDIT_TLS13)
        ask.fake_cipher = FAKE_CIPHER_12;
    (void)stek_audit_probe(run, &ask);
}

void stek_audit_probe_resumption(struct stek_audit_run *run, uint32_t target, uint16_t version)
{
    resume(run, target, version);
    for (int i = 0; version == STEK_AUDIT_TLS13 && i < STEK_AUDIT_PSK_ONLY_TRIES; i++)
        (void)offer(run, STEK_AUDIT_PSK_ONLY, stek_audit_take_ticket(run, target, version));
    if (version == STEK_AUDIT_TLS12)
        offer_other_cipher(run, target);
    offer_other_version(run, target, version);
}

void stek_audit_probe_early(struct stek_audit_run *run, uint32_t target)
{
    const uint32_t ticket = stek_audit_take_ticket(run, target, STEK_AUDIT_TLS13);

    if (ticket == STEK_AUDIT_NONE || run->obs->tickets[ticket].max_early_data == 0)
        return;
    (void)offer(run, STEK_AUDIT_EARLY_FIRST, ticket);
    (void)offer(run, STEK_AUDIT_EARLY_AGAIN, ticket);
}
