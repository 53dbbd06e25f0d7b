/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ticket, prepared for many keys. What does not depend on the key is computed once: the
 * counter blocks of every layout, the ciphertext at every alignment, and the places where a
 * decrypted block would hold a piece of the session's secret. Trying a key then costs one AES call
 * in each direction and a comparison of two bytes of each block.
 *
 *     counter modes   nonce at bytes 0 to 32 (that is, after a key name of 0 to 32 bytes), or no
 *                     nonce (all zeros); the ciphertext follows at once, or after a length field
 *                     of two bytes
 *     CBC             a block needs only the one before it, so 16 alignments cover every length of
 *                     name, IV and length field
 *
 * A secret of 47 bytes or more covers one of any two neighbouring blocks, so every second block is
 * enough.
 */
#ifndef STEK_AUDIT_DICT_PROBES_H
#define STEK_AUDIT_DICT_PROBES_H

#include "stek.h"

#include "audit/observation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    STEK_AUDIT_BLOCK_LEN = 16,
    STEK_AUDIT_NONCE_AT_MAX = 32,
    STEK_AUDIT_LOOK_LEN =
        1024 /* of longer tickets only so much is decrypted: sessions begin with their secret */
};

/* How counter blocks are made of a nonce. */
enum stek_audit_counter_kind {
    STEK_AUDIT_COUNTER_CTR, /* SP 800-38A: 16 bytes, counted up as one number */
    STEK_AUDIT_COUNTER_GCM, /* SP 800-38D: 12 bytes, then a 32-bit counter from 2 */
    STEK_AUDIT_COUNTER_CCM, /* RFC 5116 section 5.3: 12 bytes, then a 24-bit counter from 1 */
    STEK_AUDIT_COUNTER_KINDS
};

/* The session's secret, ready to be looked for in blocks of 16 bytes. */
struct stek_audit_sought {
    const uint8_t *secret;
    size_t len;
    uint8_t
        starts[8192]; /* one bit for each pair of bytes with which a piece of the secret begins */
};

void stek_audit_sought_init(struct stek_audit_sought *sought,
                            const struct stek_audit_ticket *ticket);

/* Whether 16 bytes from somewhere in the secret begin with this pair of bytes. */
static inline bool stek_audit_sought_starts(const struct stek_audit_sought *sought, uint16_t pair)
{
    return (sought->starts[pair >> 3] >> (pair & 7) & 1) != 0;
}

/* Two bytes as they stand in memory. */
static inline uint16_t stek_audit_pair(const uint8_t *at)
{
    uint16_t pair;

    memcpy(&pair, at, sizeof pair);
    return pair;
}

/* Whether these 16 bytes are from the secret. */
bool stek_audit_sought_is(const struct stek_audit_sought *sought,
                          const uint8_t block[STEK_AUDIT_BLOCK_LEN]);

/* The keystream block that one counter block makes, and the two bytes of the ticket that it is
 * tried against first, once without and once with a length field between nonce and ciphertext. */
struct stek_audit_probe {
    uint16_t first[2]; /* as they stand in memory */
    uint16_t at;       /* where the ciphertext stands without a length field */
    int8_t nonce_at;
    uint8_t kind;
};

struct stek_audit_probes {
    const struct stek_audit_ticket *ticket;
    size_t look_len; /* how much of it is looked at */
    size_t step;     /* 1 or 2: every block, or every second one */
    struct stek_audit_sought sought;
    uint8_t *counters; /* counter blocks to be encrypted: one for each probe, then those of nonces
                          of zeros */
    size_t counters_len;
    struct stek_audit_probe *probes;
    size_t probes_len;
    uint8_t *shifted; /* blocks of ciphertext to be decrypted */
    uint16_t *shifted_at;
    size_t shifted_len;
    uint8_t *out; /* room for either */
};

/* End it with _fini(); the ticket must outlive it. Error: STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_probes_init(const struct stek_audit_ticket *ticket,
                                                      struct stek_audit_probes *ret_probes);
void stek_audit_probes_fini(struct stek_audit_probes *probes);

/* Makes counter block `i` (0: the first of the ciphertext) of a nonce. */
void stek_audit_counter_block(enum stek_audit_counter_kind kind, const uint8_t *nonce, uint32_t i,
                              uint8_t ret_block[STEK_AUDIT_BLOCK_LEN]);
size_t stek_audit_nonce_len(enum stek_audit_counter_kind kind);

#endif
