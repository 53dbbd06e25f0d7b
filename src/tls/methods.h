/* SPDX-License-Identifier: Apache-2.0 */
/* How tickets are enciphered and authenticated, found once for the life of the process. */
#ifndef STEK_TLS_METHODS_H
#define STEK_TLS_METHODS_H

#include "tls/ossl.h"

struct stek_methods {
    EVP_CIPHER *fetched_aes256cbc;
    EVP_CIPHER *direct_aes256cbc; /* see ossl.h; NULL: not to be had, or what was fetched is not
                                     libcrypto's own */
    EVP_MD *sha256;
};

static inline const EVP_CIPHER *stek_methods_aes256cbc(const struct stek_methods *methods)
{
    return methods->direct_aes256cbc != NULL ? methods->direct_aes256cbc
                                             : methods->fetched_aes256cbc;
}

/* Borrowed, never freed. NULL: libcrypto does not give them; the next call asks again. Thread-safe.
 */
const struct stek_methods *stek_methods_get0(void);

#endif
