/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a record's secret to what is used: ticket keys and the continuation. docs/formats.md has the bytes,
 * tests/vectors/derivation.json the vectors.
 *
 *     prk              = HKDF-Extract(salt = "stek v1", ikm = secret)
 *     ticket keys      = HKDF-Expand(prk, "ticket" 00 context, 80) = name[16] hmac_key[32] aes_key[32]
 *     continuation     = HKDF-Expand(prk, "continue", 32)
 *
 * The attacker who learns the ticket keys of one context learns nothing of another context's, of the secret, or of
 * any other record. The attacker who learns a secret learns every later record that was not made from fresh random
 * bytes, and no earlier one.
 */
#ifndef STEK_CRYPTO_DERIVE_H
#define STEK_CRYPTO_DERIVE_H

#include "stek.h"

#include "crypto/wipe.h"

#include <stddef.h>
#include <stdint.h>

enum { STEK_NAME_LEN = 16, STEK_HMAC_KEY_LEN = 32, STEK_AES_KEY_LEN = 32, STEK_CONTEXT_MAX = 255 };

/* What tickets must not cross: an explicit label, or the 32-byte digest of an `auto` context. Not secret. */
struct stek_context {
    size_t len;
    uint8_t bytes[STEK_CONTEXT_MAX];
};

/* The keys that seal and open tickets of one record in one context. A multiple of 8 bytes, for copies by words. */
struct stek_ticket_key {
    uint8_t name[STEK_NAME_LEN];
    uint8_t hmac_key[STEK_HMAC_KEY_LEN];
    uint8_t aes_key[STEK_AES_KEY_LEN];
};

static inline void stek_ticket_key_wipe(struct stek_ticket_key *key)
{
    stek_wipe(key, sizeof *key);
}

/*
 * Derives the ticket keys of `secret` in `context`. Errors: STEK_ERR_RANDOM when secret or result look weak,
 * STEK_ERR_CRYPTO. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_derive_ticket_key(const struct stek_secret32 *secret,
                                                      const struct stek_context *context,
                                                      struct stek_ticket_key *ret_key);

/*
 * The secret of the next record when nobody published one. `ret_next` may be `secret`: the past is then destroyed
 * as the ring moves on. Errors as above.
 */
STEK_MUST_USE enum stek_result stek_derive_continuation(const struct stek_secret32 *secret,
                                                        struct stek_secret32 *ret_next);

#endif
