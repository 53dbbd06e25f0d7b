/* SPDX-License-Identifier: Apache-2.0 */
/* What libctx.c does, for OpenSSL 1.1.1, which has one context and no providers. */
#include "crypto/libctx.h"

OSSL_LIB_CTX *stek_libctx_get0(void)
{
    return NULL;
}

const EVP_MD *stek_libctx_sha256(void)
{
    return EVP_sha256();
}
