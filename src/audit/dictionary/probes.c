/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/probes.h"

#include "audit/ticket_bytes.h"
#include "crypto/wipe.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = STEK_AUDIT_BLOCK_LEN };

static const uint8_t no_nonce[BLOCK];

void stek_audit_sought_init(struct stek_audit_sought *sought,
                            const struct stek_audit_ticket *ticket)
{
    memset(sought, 0, sizeof *sought);
    sought->secret = ticket->secret;
    sought->len = ticket->secret_len;
    for (size_t i = 0; i + BLOCK <= sought->len; i++) {
        const uint16_t pair = stek_audit_pair(sought->secret + i);
        sought->starts[pair >> 3] |= (uint8_t)(1U << (pair & 7));
    }
}

bool stek_audit_sought_is(const struct stek_audit_sought *sought, const uint8_t block[BLOCK])
{
    for (size_t i = 0; i + BLOCK <= sought->len; i++)
        if (memcmp(block, sought->secret + i, BLOCK) == 0)
            return true;
    return false;
}

size_t stek_audit_nonce_len(enum stek_audit_counter_kind kind)
{
    static const uint8_t lens[STEK_AUDIT_COUNTER_KINDS] = {16, 12, 12};

    return lens[kind];
}

/* A big-endian number at the end of a block, plus `i`. */
static void count(uint8_t *block, uint32_t i)
{
    uint32_t carry = i;

    for (int at = BLOCK - 1; at >= 0 && carry > 0; at--) {
        carry += block[at];
        block[at] = (uint8_t)carry;
        carry >>= 8;
    }
}

void stek_audit_counter_block(enum stek_audit_counter_kind kind, const uint8_t *nonce, uint32_t i,
                              uint8_t ret_block[BLOCK])
{
    const size_t len = stek_audit_nonce_len(kind);
    const bool ccm = kind == STEK_AUDIT_COUNTER_CCM;

    memset(ret_block, 0, BLOCK);
    memcpy(ret_block + (ccm ? 1 : 0), nonce, len);
    if (ccm)
        ret_block[0] = (uint8_t)(15 - len - 1); /* L - 1 */
    count(ret_block, i + (ccm ? 1 : kind == STEK_AUDIT_COUNTER_GCM ? 2 : 0));
}

/* How many whole blocks there are from `at` on. */
static size_t blocks_from(const struct stek_audit_probes *probes, size_t at)
{
    return at < probes->look_len ? (probes->look_len - at) / BLOCK : 0;
}

static void add_counter(struct stek_audit_probes *probes, enum stek_audit_counter_kind kind,
                        const uint8_t *nonce, uint32_t i)
{
    if (probes->counters != NULL)
        stek_audit_counter_block(kind, nonce, i, probes->counters + BLOCK * probes->counters_len);
    probes->counters_len++;
}

/* The nonce is in the ticket. */
static void add_nonce(struct stek_audit_probes *probes, enum stek_audit_counter_kind kind,
                      size_t nonce_at)
{
    const uint8_t *bytes = probes->ticket->bytes;
    const size_t text_at = nonce_at + stek_audit_nonce_len(kind);
    const size_t blocks = blocks_from(probes, text_at);

    for (size_t i = 0; i < blocks; i += probes->step) {
        const size_t at = text_at + i * BLOCK;
        if (probes->probes != NULL)
            probes->probes[probes->probes_len] = (struct stek_audit_probe){
                {stek_audit_pair(bytes + at), stek_audit_pair(bytes + at + 2)},
                (uint16_t)at,
                (int8_t)nonce_at,
                (uint8_t)kind};
        probes->probes_len++;
        add_counter(probes, kind, bytes + nonce_at, (uint32_t)i);
    }
}

/* The nonce is zeros; see stek_audit_try_counters(). */
static void add_no_nonce(struct stek_audit_probes *probes, enum stek_audit_counter_kind kind)
{
    for (size_t i = 0; i < blocks_from(probes, 0); i += probes->step)
        add_counter(probes, kind, no_nonce, (uint32_t)i);
}

/* Without room it only counts. */
static void fill(struct stek_audit_probes *probes)
{
    probes->counters_len = probes->probes_len = probes->shifted_len = 0;
    for (int kind = 0; kind < STEK_AUDIT_COUNTER_KINDS; kind++)
        for (size_t at = 0; at <= STEK_AUDIT_NONCE_AT_MAX; at++)
            add_nonce(probes, (enum stek_audit_counter_kind)kind, at);
    add_no_nonce(probes, STEK_AUDIT_COUNTER_CTR);
    add_no_nonce(probes, STEK_AUDIT_COUNTER_GCM);
    /* The first block at each alignment has none before it to undo the chaining with. */
    for (size_t shift = 0; shift < BLOCK; shift++)
        for (size_t i = 1; i < blocks_from(probes, shift); i += probes->step) {
            const size_t at = shift + i * BLOCK;
            if (probes->shifted != NULL) {
                memcpy(probes->shifted + BLOCK * probes->shifted_len, probes->ticket->bytes + at,
                       BLOCK);
                probes->shifted_at[probes->shifted_len] = (uint16_t)at;
            }
            probes->shifted_len++;
        }
}

enum stek_result stek_audit_probes_init(const struct stek_audit_ticket *ticket,
                                        struct stek_audit_probes *ret_probes)
{
    struct stek_audit_probes *probes = ret_probes;

    memset(probes, 0, sizeof *probes);
    probes->ticket = ticket;
    probes->look_len = ticket->len < STEK_AUDIT_LOOK_LEN ? ticket->len : STEK_AUDIT_LOOK_LEN;
    probes->step = ticket->secret_len >= 3 * BLOCK - 1 ? 2 : 1;
    stek_audit_sought_init(&probes->sought, ticket);
    fill(probes);
    const size_t most =
        probes->counters_len > probes->shifted_len ? probes->counters_len : probes->shifted_len;
    probes->counters = calloc(probes->counters_len + 1, BLOCK);
    probes->probes = calloc(probes->probes_len + 1, sizeof *probes->probes);
    probes->shifted = calloc(probes->shifted_len + 1, BLOCK);
    probes->shifted_at = calloc(probes->shifted_len + 1, sizeof *probes->shifted_at);
    probes->out = calloc(most + 1, BLOCK);
    if (probes->counters == NULL || probes->probes == NULL || probes->shifted == NULL ||
        probes->shifted_at == NULL || probes->out == NULL) {
        stek_audit_probes_fini(probes);
        return STEK_ERR_MEMORY;
    }
    fill(probes);
    return STEK_OK;
}

void stek_audit_probes_fini(struct stek_audit_probes *probes)
{
    free(probes->counters);
    free(probes->probes);
    free(probes->shifted);
    free(probes->shifted_at);
    free(probes->out);
    stek_wipe(probes, sizeof *probes);
}
