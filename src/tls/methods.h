/* SPDX-License-Identifier: Apache-2.0 */
/* The cipher and the digest of tickets as EVP methods, found once for the life of the process. */
#ifndef STEK_TLS_METHODS_H
#define STEK_TLS_METHODS_H

#include "tls/ossl.h"

/* The direct ones (ossl.h) where what was fetched is libcrypto's own. */
struct stek_methods {
    EVP_CIPHER *fetched_aes256cbc;
    EVP_CIPHER *direct_aes256cbc; /* or NULL */
    EVP_MD *fetched_sha256;
    EVP_MD *direct_sha256; /* or NULL */
};

static inline const EVP_CIPHER *stek_methods_aes256cbc(const struct stek_methods *methods)
{
    return methods->direct_aes256cbc != NULL ? methods->direct_aes256cbc : methods->fetched_aes256cbc;
}

static inline const EVP_MD *stek_methods_sha256(const struct stek_methods *methods)
{
    return methods->direct_sha256 != NULL ? methods->direct_sha256 : methods->fetched_sha256;
}

/* Borrowed, never freed. NULL: libcrypto does not give them; the next call asks again. Thread-safe. */
const struct stek_methods *stek_methods_get0(void);

#endif
