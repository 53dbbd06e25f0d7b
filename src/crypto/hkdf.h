/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF with SHA-256 (RFC 5869). */
#ifndef STEK_CRYPTO_HKDF_H
#define STEK_CRYPTO_HKDF_H

#include "stek.h"

#include <stddef.h>
#include <stdint.h>

enum { STEK_HKDF_PRK_LEN = 32, STEK_HKDF_OUT_MAX = 255 * 32 };

/* What goes in, borrowed. */
struct stek_hkdf_bytes {
    const uint8_t *at;
    size_t len;
};

/* RFC 5869 section 2.2. A salt of length 0 stands for 32 zero bytes. Errors: STEK_ERR_CRYPTO.
 * Thread-safe. */
STEK_MUST_USE enum stek_result stek_hkdf_extract(const uint8_t *salt, size_t salt_len,
                                                 const uint8_t *ikm, size_t ikm_len,
                                                 uint8_t ret_prk[STEK_HKDF_PRK_LEN]);

/* RFC 5869 section 2.3. Errors: STEK_ERR_ARGUMENT (out_len 0 or over 255 * 32), STEK_ERR_CRYPTO
 * (out is wiped). */
STEK_MUST_USE enum stek_result stek_hkdf_expand(const uint8_t prk[STEK_HKDF_PRK_LEN],
                                                const uint8_t *info, size_t info_len,
                                                uint8_t *ret_out, size_t out_len);

/* Both after the other, in one run of the library. Errors: as above. Thread-safe. */
STEK_MUST_USE enum stek_result stek_hkdf_derive(struct stek_hkdf_bytes salt,
                                                struct stek_hkdf_bytes ikm,
                                                struct stek_hkdf_bytes info, uint8_t *ret_out,
                                                size_t out_len);

/*
 * Who derives often says so, and takes it back at the end: meanwhile libcrypto's HKDF stays
 * prepared for the next derivation. It holds no secret then. OpenSSL 1.1.1 has no such thing.
 * Thread-safe.
 */
void stek_hkdf_keep(void);
void stek_hkdf_keep_no_more(void);

/* Forgets what is prepared now. For tests; thread-safe. */
void stek_hkdf_forget(void);

#endif
