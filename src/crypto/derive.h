/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is derived from a record's secret: ticket keys and the continuation. docs/formats.md has the
 * bytes, tests/vectors/derivation.json the vectors.
 *
 *     prk           = HKDF-Extract(salt = "stek v1", ikm = secret)
 *     ticket keys   = HKDF-Expand(prk, "ticket" 00 context, 80)
 *                   = name[16] hmac_key[32] aes_key[32]
 *     short keys    = HKDF-Expand(prk, "ticket128" 00 context, 48)
 *                   = name[16] hmac_key[16] aes_key[16]
 *     continuation  = HKDF-Expand(prk, "continue", 32)
 *     mask          = HKDF-Expand(prk, "mask", 64)
 *     fingerprint   = HKDF-Expand(prk, "fingerprint", 16)
 *
 * An attacker who learns the ticket keys of one context learns nothing about other contexts, the
 * secret, or other records. An attacker who learns a secret learns every later record that was not
 * made from fresh random bytes, and no earlier one. An attacker who has masked keys and the
 * fingerprint, but neither secret nor mask, has nothing: all three are independent outputs of HKDF.
 * So are the short keys: a server that only knows AES-128 has nothing of the keys of the others.
 */
#ifndef STEK_CRYPTO_DERIVE_H
#define STEK_CRYPTO_DERIVE_H

#include "stek.h"

#include "crypto/wipe.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_NAME_LEN = 16, STEK_HMAC_KEY_LEN = 32, STEK_AES_KEY_LEN = 32, STEK_CONTEXT_MAX = 255 };
enum { STEK_SHORT_KEY_LEN = 16 };
enum { STEK_FINGERPRINT_LEN = 16, STEK_MASK_LEN = STEK_HMAC_KEY_LEN + STEK_AES_KEY_LEN };

/* What tickets must not cross: an explicit label, or the 32-byte digest of an `auto` context. Not
 * secret. */
struct stek_context {
    size_t len;
    uint8_t bytes[STEK_CONTEXT_MAX];
};

/* The keys that seal and open tickets of one record in one context. A multiple of 8 bytes, for
 * copies by words. */
struct stek_ticket_key {
    uint8_t name[STEK_NAME_LEN];
    uint8_t hmac_key[STEK_HMAC_KEY_LEN];
    uint8_t aes_key[STEK_AES_KEY_LEN];
};

static_assert(sizeof(struct stek_ticket_key) == STEK_NAME_LEN + STEK_MASK_LEN,
              "the keys lie as they are derived, and the mask covers all of them");

static inline void stek_ticket_key_wipe(struct stek_ticket_key *key)
{
    stek_wipe(key, sizeof *key);
}

/* The same for servers that take keys in files, and seal with AES-128 only. */
struct stek_short_ticket_key {
    uint8_t name[STEK_NAME_LEN];
    uint8_t hmac_key[STEK_SHORT_KEY_LEN];
    uint8_t aes_key[STEK_SHORT_KEY_LEN];
};

static_assert(sizeof(struct stek_short_ticket_key) == STEK_NAME_LEN + 2 * STEK_SHORT_KEY_LEN,
              "the keys lie as they are derived");

static inline void stek_short_ticket_key_wipe(struct stek_short_ticket_key *key)
{
    stek_wipe(key, sizeof *key);
}

/* Names a record's secret without telling it. Not secret: it may be shown to people, and outlive
 * the secret. */
struct stek_fingerprint {
    uint8_t bytes[STEK_FINGERPRINT_LEN];
};

/* What a process covers a record's hmac_key and aes_key with while it keeps them: worthless without
 * it. */
struct stek_mask {
    uint8_t bytes[STEK_MASK_LEN];
};

static inline void stek_mask_wipe(struct stek_mask *mask)
{
    stek_wipe(mask, sizeof *mask);
}

/* Covers all but the name with the mask, or uncovers it. */
static inline void stek_mask_apply(const struct stek_mask *mask, struct stek_ticket_key *key)
{
    uint8_t *secret = (uint8_t *)key + STEK_NAME_LEN;

    for (size_t i = 0; i < STEK_MASK_LEN; i++)
        secret[i] ^= mask->bytes[i];
}

/*
 * Derives the ticket keys of `secret` in `context`. Errors: STEK_ERR_RANDOM when secret or result
 * look weak, STEK_ERR_CRYPTO. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_derive_ticket_key(const struct stek_secret32 *secret,
                                                      const struct stek_context *context,
                                                      struct stek_ticket_key *ret_key);

/* Derives its short ticket keys. They share no byte with the others. Errors as above. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_derive_short_ticket_key(const struct stek_secret32 *secret,
                                                            const struct stek_context *context,
                                                            struct stek_short_ticket_key *ret_key);

/*
 * The secret of the next record if none was published. `ret_next` may be `secret`: the past is then
 * destroyed as the ring moves on. Errors as above.
 */
STEK_MUST_USE enum stek_result stek_derive_continuation(const struct stek_secret32 *secret,
                                                        struct stek_secret32 *ret_next);

/* The fingerprint of a record with this secret. Errors as above. Thread-safe. */
STEK_MUST_USE enum stek_result stek_derive_fingerprint(const struct stek_secret32 *secret,
                                                       struct stek_fingerprint *ret_fingerprint);

/* The mask of a record with this secret. Errors as above. Thread-safe. */
STEK_MUST_USE enum stek_result stek_derive_mask(const struct stek_secret32 *secret,
                                                struct stek_mask *ret_mask);

#endif
