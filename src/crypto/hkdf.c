/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"

#include "crypto/libctx.h"
#include "crypto/quiet.h"
#include "crypto/wipe.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* One run of libcrypto's HKDF; libcrypto wipes its own copies when the context is freed. */
static enum stek_result derive(OSSL_PARAM *params, uint8_t *out, size_t out_len)
{
    STEK_QUIET(quiet);
    EVP_KDF *kdf = stek_libctx_hkdf();
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    int ok = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;

    EVP_KDF_CTX_free(ctx);
    return ok ? STEK_OK : STEK_ERR_CRYPTO;
}

/* libcrypto takes parameters without const; it only reads them. */
static OSSL_PARAM octets(const char *name, const uint8_t *at, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)at, len);
}

static OSSL_PARAM salt_param(const uint8_t *salt, size_t len)
{
    static const uint8_t no_salt[STEK_HKDF_PRK_LEN];

    return octets(OSSL_KDF_PARAM_SALT, len != 0 ? salt : no_salt, len != 0 ? len : sizeof no_salt);
}

static OSSL_PARAM digest_param(void)
{
    static char sha256[] = "SHA256";

    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0);
}

enum stek_result stek_hkdf_extract(const uint8_t *salt, size_t salt_len, const uint8_t *ikm,
                                   size_t ikm_len, uint8_t ret_prk[STEK_HKDF_PRK_LEN])
{
    STEK_SECRET(stek_secret32) struct stek_secret32 prk;
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    OSSL_PARAM params[5];

    params[0] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    params[1] = digest_param();
    params[2] = salt_param(salt, salt_len);
    params[3] = octets(OSSL_KDF_PARAM_KEY, ikm, ikm_len);
    params[4] = OSSL_PARAM_construct_end();
    enum stek_result result = derive(params, prk.bytes, sizeof prk.bytes);
    if (result == STEK_OK)
        for (size_t i = 0; i < sizeof prk.bytes; i++)
            ret_prk[i] = prk.bytes[i];
    return result;
}

enum stek_result stek_hkdf_expand(const uint8_t prk[STEK_HKDF_PRK_LEN], const uint8_t *info,
                                  size_t info_len, uint8_t *ret_out, size_t out_len)
{
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM params[5];

    if (out_len == 0 || out_len > STEK_HKDF_OUT_MAX)
        return STEK_ERR_ARGUMENT;
    params[0] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    params[1] = digest_param();
    params[2] = octets(OSSL_KDF_PARAM_KEY, prk, STEK_HKDF_PRK_LEN);
    params[3] = octets(OSSL_KDF_PARAM_INFO, info, info_len);
    params[4] = OSSL_PARAM_construct_end();
    enum stek_result result = derive(params, ret_out, out_len);
    if (result != STEK_OK)
        stek_wipe(ret_out, out_len);
    return result;
}

enum stek_result stek_hkdf_derive(struct stek_hkdf_bytes salt, struct stek_hkdf_bytes ikm,
                                  struct stek_hkdf_bytes info, uint8_t *ret_out, size_t out_len)
{
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    OSSL_PARAM params[6];

    if (out_len == 0 || out_len > STEK_HKDF_OUT_MAX)
        return STEK_ERR_ARGUMENT;
    params[0] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    params[1] = digest_param();
    params[2] = salt_param(salt.at, salt.len);
    params[3] = octets(OSSL_KDF_PARAM_KEY, ikm.at, ikm.len);
    params[4] = octets(OSSL_KDF_PARAM_INFO, info.at, info.len);
    params[5] = OSSL_PARAM_construct_end();
    enum stek_result result = derive(params, ret_out, out_len);
    if (result != STEK_OK)
        stek_wipe(ret_out, out_len);
    return result;
}
