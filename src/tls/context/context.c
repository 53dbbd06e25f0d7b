/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/context.h"

#include "crypto/libctx.h"
#include "tls/context/names.h"
#include "tls/context/ownkeys.h"

#include <string.h>

/* SHA-256("stek auto v2" 00, u8 sharing, names, limit). */
static bool hash_all(EVP_MD_CTX *hash, enum stek_sharing sharing, struct stek_nameset *names,
                     const uint8_t *limit, struct stek_context *ret_context)
{
    static const char version[] = "stek auto v2";
    const uint8_t kind = (uint8_t)sharing;
    unsigned int len = 0;
    const bool ok = EVP_DigestInit_ex(hash, stek_libctx_sha256(), NULL) == 1 &&
                    EVP_DigestUpdate(hash, version, sizeof version) == 1 &&
                    EVP_DigestUpdate(hash, &kind, 1) == 1 && stek_nameset_hash(names, hash) &&
                    (limit == NULL || EVP_DigestUpdate(hash, limit, STEK_DIGEST_LEN) == 1) &&
                    EVP_DigestFinal_ex(hash, ret_context->bytes, &len) == 1;

    ret_context->len = len;
    return ok;
}

enum stek_result stek_context_of(enum stek_sharing sharing, struct stek_nameset *names,
                                 const uint8_t *limit, struct stek_context *ret_context)
{
    struct stek_context context = {0};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const bool ok = hash != NULL && hash_all(hash, sharing, names, limit, &context);

    EVP_MD_CTX_free(hash);
    if (!ok)
        return STEK_ERR_CRYPTO;
    *ret_context = context;
    return STEK_OK;
}

/* SHA-256 of the SSL_CTX's own ticket keys. */
static bool hash_own_keys(EVP_MD_CTX *hash, SSL_CTX *ctx, uint8_t ret_digest[STEK_DIGEST_LEN])
{
    STEK_SECRET(stek_own_keys) struct stek_own_keys own;

    return stek_own_keys_read(ctx, &own) &&
           EVP_DigestInit_ex(hash, stek_libctx_sha256(), NULL) == 1 &&
           EVP_DigestUpdate(hash, own.bytes, sizeof own.bytes) == 1 &&
           EVP_DigestFinal_ex(hash, ret_digest, NULL) == 1;
}

/* Names tell nothing more but where the program set the same ticket keys for several. To take them
 * apart would take longer than all else that a new SSL_CTX needs. */
static enum stek_result context_of_own_keys(SSL_CTX *ctx, struct stek_context *ret_context)
{
    struct stek_nameset names = {0};
    struct stek_context context = {0};
    uint8_t own[STEK_DIGEST_LEN];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const bool ok = hash != NULL && stek_names_as_they_stand(ctx, &names) &&
                    hash_own_keys(hash, ctx, own) &&
                    hash_all(hash, STEK_SHARING_OPENSSL, &names, own, &context);

    EVP_MD_CTX_free(hash);
    stek_nameset_fini(&names);
    if (!ok)
        return STEK_ERR_CRYPTO;
    *ret_context = context;
    return STEK_OK;
}

static bool find_names(SSL_CTX *ctx, bool one_cert, struct stek_nameset *names)
{
    return one_cert ? stek_names_of_only(ctx, names) : stek_names_of(ctx, names);
}

enum stek_result stek_context_auto(SSL_CTX *ctx, enum stek_sharing sharing,
                                   const uint8_t *configuration, bool one_cert,
                                   enum stek_sharing *ret_sharing, struct stek_context *ret_context)
{
    struct stek_nameset names = {0};
    enum stek_result result = STEK_ERR_CRYPTO;

    if (sharing == STEK_SHARING_OPENSSL || find_names(ctx, one_cert, &names)) {
        if (names.count == 0)
            sharing = STEK_SHARING_OPENSSL;
        result = sharing == STEK_SHARING_OPENSSL
                     ? context_of_own_keys(ctx, ret_context)
                     : stek_context_of(sharing, &names, configuration, ret_context);
    }
    stek_nameset_fini(&names);
    if (result == STEK_OK)
        *ret_sharing = sharing;
    return result;
}
