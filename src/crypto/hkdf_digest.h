/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HKDF from SHA-256 alone, as RFC 5869 and RFC 2104 define it. libcrypto's own HKDF looks up three
 * algorithms by their names for each key and takes about twice as long. Programs that make an
 * SSL_CTX for every connection feel that.
 */
#ifndef STEK_CRYPTO_HKDF_DIGEST_H
#define STEK_CRYPTO_HKDF_DIGEST_H

#include "crypto/hkdf.h"

#include <openssl/evp.h>

enum { STEK_HKDF_DIGEST_SALT_MAX = 64 };

/*
 * stek_hkdf_derive() with this digest, which is SHA-256. The salt has no more than
 * STEK_HKDF_DIGEST_SALT_MAX bytes, and `out_len` is in range. Errors: STEK_ERR_CRYPTO; what stands
 * in `ret_out` then is part of the result. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_hkdf_digest_derive(const EVP_MD *sha256,
                                                       struct stek_hkdf_bytes salt,
                                                       struct stek_hkdf_bytes ikm,
                                                       struct stek_hkdf_bytes info,
                                                       uint8_t *ret_out, size_t out_len);

#endif
