/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/methods.h"

#include "crypto/hkdf.h"
#include "crypto/libctx.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(struct stek_methods *) found;

/* Whether it is libcrypto's own code, and not that of another provider (FIPS, hardware) which was
 * configured. */
static bool is_builtin(const OSSL_PROVIDER *provider)
{
    return provider != NULL && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;
}

static void methods_free(struct stek_methods *methods)
{
    if (methods == NULL)
        return;
    EVP_CIPHER_free(methods->fetched_aes256cbc);
    EVP_MD_free(methods->sha256);
    stek_ossl_direct_free(methods->direct_aes256cbc);
    free(methods);
}

/* Whether keys can be derived. Without HKDF they are not, and a FIPS provider may refuse it for
 * reasons of its own. */
static bool can_derive(void)
{
    static const uint8_t secret[STEK_HKDF_PRK_LEN];
    uint8_t prk[STEK_HKDF_PRK_LEN];

    return stek_hkdf_extract(secret, sizeof secret, secret, sizeof secret, prk) == STEK_OK;
}

/* Fetching in the callback would cost more than the cipher. */
static struct stek_methods *methods_new(void)
{
    struct stek_methods *methods = calloc(1, sizeof *methods);

    if (methods == NULL)
        return NULL;
    methods->fetched_aes256cbc = EVP_CIPHER_fetch(stek_libctx_get0(), "AES-256-CBC", NULL);
    methods->sha256 = EVP_MD_fetch(stek_libctx_get0(), "SHA256", NULL);
    if (methods->fetched_aes256cbc == NULL || methods->sha256 == NULL || !can_derive()) {
        methods_free(methods);
        return NULL;
    }
    if (is_builtin(EVP_CIPHER_get0_provider(methods->fetched_aes256cbc)))
        methods->direct_aes256cbc = stek_ossl_direct_aes256cbc();
    return methods;
}

const struct stek_methods *stek_methods_get0(void)
{
    struct stek_methods *methods = atomic_load_explicit(&found, memory_order_acquire);

    if (methods != NULL)
        return methods;
    struct stek_methods *mine = methods_new();
    if (mine == NULL || atomic_compare_exchange_strong(&found, &methods, mine))
        return mine;
    methods_free(mine);
    return methods;
}
