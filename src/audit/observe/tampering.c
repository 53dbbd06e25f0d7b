/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged tickets. One bit is flipped in turn at every place that may matter: twice in each 16
 * bytes (the last byte of a cipher block decides about the padding of the next), evenly spread over
 * long tickets, and in the last byte. What is answered otherwise than an unknown ticket is tried
 * once more, so that a chance difference is not taken for a rule.
 */
#include "audit/observe/probe.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

enum { STEP = 8, FLIP = 0x01 };

/* What counts as the same answer. */
struct answer {
    enum stek_audit_outcome outcome;
    uint8_t alert;
    bool resumed;
};

static struct answer answer_of(const struct stek_audit_observation *obs, uint32_t index)
{
    const struct stek_audit_handshake *shake = &obs->handshakes[index];

    return (struct answer){shake->outcome, shake->alert, shake->resumed};
}

static bool same(struct answer a, struct answer b)
{
    return a.outcome == b.outcome && a.alert == b.alert && a.resumed == b.resumed;
}

/* The place of the i-th flip; `count` of them. */
static size_t place(size_t len, size_t i, size_t count)
{
    const size_t all = len / STEP + (len % STEP != 0 ? 1 : 0);
    const size_t at = (count > 1 ? i * (all - 1) / (count - 1) : 0) * STEP + STEP - 1;

    return at < len ? at : len - 1;
}

static size_t places(size_t len)
{
    const size_t count = len / STEP + (len % STEP != 0 ? 1 : 0);

    return count < STEK_AUDIT_FLIPS_MAX ? count : STEK_AUDIT_FLIPS_MAX;
}

static uint32_t offer_changed(struct stek_audit_run *run, enum stek_audit_purpose purpose,
                              uint32_t ticket, const uint8_t *bytes, int32_t flip_at)
{
    struct stek_audit_ask ask = stek_audit_ask_ticket(run, purpose, ticket);

    ask.in_place = bytes;
    ask.in_place_len = run->obs->tickets[ticket].len;
    ask.flip_at = flip_at;
    return stek_audit_probe(run, &ask);
}

static bool offer_unknown(struct stek_audit_run *run, uint32_t ticket, uint8_t *bytes,
                          struct answer *ret_answer)
{
    for (int i = 0; i < STEK_AUDIT_UNKNOWN_TRIES; i++) {
        if (RAND_bytes(bytes, (int)run->obs->tickets[ticket].len) != 1)
            run->result = STEK_ERR_RANDOM;
        const uint32_t index = offer_changed(run, STEK_AUDIT_UNKNOWN, ticket, bytes, -1);
        if (index == STEK_AUDIT_NONE)
            return false;
        *ret_answer = answer_of(run->obs, index);
    }
    return true;
}

static uint32_t offer_flipped(struct stek_audit_run *run, uint32_t ticket, uint8_t *bytes,
                              size_t at)
{
    const struct stek_audit_ticket *from = &run->obs->tickets[ticket];

    memcpy(bytes, from->bytes, from->len);
    bytes[at] ^= FLIP;
    return offer_changed(run, STEK_AUDIT_TAMPER, ticket, bytes, (int32_t)at);
}

static void offer_all_flipped(struct stek_audit_run *run, uint32_t ticket, uint8_t *bytes,
                              struct answer usual)
{
    const size_t len = run->obs->tickets[ticket].len;
    const size_t count = places(len);

    for (size_t i = 0; i < count; i++) {
        const uint32_t index = offer_flipped(run, ticket, bytes, place(len, i, count));
        if (index == STEK_AUDIT_NONE)
            return;
        if (!same(answer_of(run->obs, index), usual))
            (void)offer_flipped(run, ticket, bytes, place(len, i, count));
    }
}

void stek_audit_probe_tampering(struct stek_audit_run *run, uint32_t target, uint16_t version)
{
    const uint32_t ticket = stek_audit_take_ticket(run, target, version);
    struct answer usual;

    if (ticket == STEK_AUDIT_NONE)
        return;
    uint8_t *bytes = malloc(run->obs->tickets[ticket].len);
    if (bytes == NULL)
        run->result = STEK_ERR_MEMORY;
    else if (offer_unknown(run, ticket, bytes, &usual))
        offer_all_flipped(run, ticket, bytes, usual);
    free(bytes);
}
