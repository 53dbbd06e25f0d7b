/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated encryption: AES-256-GCM (NIST SP 800-38D, RFC 5116 section 5.2).
 *
 * What is sealed is nonce[12] ‖ ciphertext ‖ tag[16], with a fresh random nonce each time. One key
 * seals at most 2^32 values (SP 800-38D section 8.3); fleet/store/envelope.h derives a key for each
 * name, so that no key comes near.
 */
#ifndef STEK_CRYPTO_AEAD_H
#define STEK_CRYPTO_AEAD_H

#include "stek.h"

#include "crypto/wipe.h"

#include <stddef.h>
#include <stdint.h>

enum {
    STEK_AEAD_NONCE_LEN = 12,
    STEK_AEAD_TAG_LEN = 16,
    STEK_AEAD_EXTRA_LEN = STEK_AEAD_NONCE_LEN + STEK_AEAD_TAG_LEN
};

/* Bytes with their length; borrowed. */
struct stek_bytes {
    const uint8_t *at;
    size_t len;
};

/*
 * Seals `plain` (which may be empty) and authenticates `associated` beside it. Writes plain.len +
 * STEK_AEAD_EXTRA_LEN bytes, which must not overlap the inputs. Errors: STEK_ERR_ARGUMENT (over 64
 * KiB), STEK_ERR_RANDOM (no nonce), STEK_ERR_CRYPTO; the output is undefined then, and holds no
 * plaintext. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_aead_seal(const struct stek_secret32 *key,
                                              struct stek_bytes associated, struct stek_bytes plain,
                                              uint8_t *ret_sealed);

/*
 * Opens what stek_aead_seal() made and writes sealed.len - STEK_AEAD_EXTRA_LEN bytes.
 * Errors: STEK_ERR_FORMAT (too short or long, another key, or any byte was changed);
 * STEK_ERR_CRYPTO. The output is wiped then: nothing unauthenticated leaves. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_aead_open(const struct stek_secret32 *key,
                                              struct stek_bytes associated,
                                              struct stek_bytes sealed, uint8_t *ret_plain);

#endif
