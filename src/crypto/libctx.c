/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/libctx.h"

#include "crypto/quiet.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static OSSL_LIB_CTX *chosen;
static _Atomic(EVP_MD *) sha256;
static _Atomic(EVP_KDF *) hkdf;

/* Whether the context gives all that stek asks for, under these properties. */
static bool suffices(OSSL_LIB_CTX *libctx, const char *properties)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(libctx, "AES-256-CBC", properties);
    EVP_MD *digest = EVP_MD_fetch(libctx, "SHA2-256", properties);
    EVP_KDF *kdf = EVP_KDF_fetch(libctx, OSSL_KDF_NAME_HKDF, properties);
    const bool all = cipher != NULL && digest != NULL && kdf != NULL;

    EVP_CIPHER_free(cipher);
    EVP_MD_free(digest);
    EVP_KDF_free(kdf);
    return all;
}

/* Whether the program decided which implementations may be used. The query takes its default
 * properties back: what can be fetched then is there, but forbidden. */
static bool is_restricted(OSSL_LIB_CTX *libctx)
{
    return EVP_default_properties_is_fips_enabled(libctx) == 1 ||
           OSSL_PROVIDER_available(libctx, "fips") == 1 || suffices(libctx, "-fips,-provider");
}

/* NULL: no memory, or a libcrypto without providers of its own. */
static OSSL_LIB_CTX *own_context(void)
{
    OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *builtin = made != NULL ? OSSL_PROVIDER_load(made, "default") : NULL;

    if (builtin != NULL && suffices(made, NULL))
        return made;
    if (builtin != NULL)
        (void)OSSL_PROVIDER_unload(builtin);
    OSSL_LIB_CTX_free(made);
    return NULL;
}

/* Not NULL, which would mean the default one of the thread: the program may free that. */
static void choose(void)
{
    OSSL_LIB_CTX *programs = OSSL_LIB_CTX_get0_global_default();
    OSSL_LIB_CTX *own = NULL;
    STEK_QUIET(quiet);

    if (!suffices(programs, NULL) && !is_restricted(programs))
        own = own_context();
    chosen = own != NULL ? own : programs;
}

OSSL_LIB_CTX *stek_libctx_get0(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, choose);
    return chosen;
}

const EVP_MD *stek_libctx_sha256(void)
{
    EVP_MD *digest = atomic_load_explicit(&sha256, memory_order_acquire);

    if (digest != NULL)
        return digest;
    EVP_MD *mine = EVP_MD_fetch(stek_libctx_get0(), "SHA2-256", NULL);
    if (mine == NULL || atomic_compare_exchange_strong(&sha256, &digest, mine))
        return mine;
    EVP_MD_free(mine);
    return digest;
}

EVP_KDF *stek_libctx_hkdf(void)
{
    EVP_KDF *kdf = atomic_load_explicit(&hkdf, memory_order_acquire);

    if (kdf != NULL)
        return kdf;
    EVP_KDF *mine = EVP_KDF_fetch(stek_libctx_get0(), OSSL_KDF_NAME_HKDF, NULL);
    if (mine == NULL || atomic_compare_exchange_strong(&hkdf, &kdf, mine))
        return mine;
    EVP_KDF_free(mine);
    return kdf;
}
