/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"

#include "crypto/libctx.h"
#include "crypto/quiet.h"
#include "crypto/wipe.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SALT_MAX = 16 };

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

/*
 * What a derivation needs and has no secret in it: HMAC keyed with a salt, which is what
 * HKDF-Extract does, and HKDF-Expand with its digest. libcrypto would look both up by their names
 * each time, and hash the salt anew. One thread at a time has it, and empties it.
 */
struct prepared {
    EVP_MAC_CTX *extract;
    EVP_KDF_CTX *expand;
    bool begins_anew; /* HMAC without the salt being hashed again */
    size_t salt_len;
    uint8_t salt[SALT_MAX];
};

static _Atomic(struct prepared *) idle;
static atomic_uint users;   /* without any, nothing is kept */
static atomic_bool refused; /* a provider does not do one of the steps so */

static void prepared_free(struct prepared *prepared)
{
    if (prepared == NULL)
        return;
    EVP_MAC_CTX_free(prepared->extract);
    EVP_KDF_CTX_free(prepared->expand);
    free(prepared);
}

/* Until OpenSSL 3.0.3 EVP_MAC_init() without a key does nothing, and says nothing (openssl issue
 * 17811). */
static bool begin_anew(const struct prepared *prepared, bool with_salt)
{
    return EVP_MAC_init(prepared->extract, with_salt ? prepared->salt : NULL,
                        with_salt ? prepared->salt_len : 0, NULL) == 1;
}

static bool extract(const struct prepared *prepared, struct stek_hkdf_bytes ikm,
                    uint8_t ret_prk[STEK_HKDF_PRK_LEN])
{
    size_t len = 0;

    return EVP_MAC_update(prepared->extract, ikm.at, ikm.len) == 1 &&
           EVP_MAC_final(prepared->extract, ret_prk, &len, STEK_HKDF_PRK_LEN) == 1 &&
           len == STEK_HKDF_PRK_LEN;
}

/* Whether the second time gives what the first one gave. */
static bool can_begin_anew(const struct prepared *prepared)
{
    const struct stek_hkdf_bytes some = {prepared->salt, prepared->salt_len};
    uint8_t first[STEK_HKDF_PRK_LEN], second[STEK_HKDF_PRK_LEN];

    return extract(prepared, some, first) && begin_anew(prepared, false) &&
           extract(prepared, some, second) && memcmp(first, second, sizeof first) == 0;
}

static bool prepare(struct prepared *prepared, struct stek_hkdf_bytes salt)
{
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    const OSSL_PARAM digest[] = {digest_param(), OSSL_PARAM_construct_end()};
    const OSSL_PARAM expand[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                                 digest_param(), OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(stek_libctx_get0(), OSSL_MAC_NAME_HMAC, NULL);
    EVP_KDF *hkdf = stek_libctx_hkdf();

    prepared->extract = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    prepared->expand = hkdf != NULL ? EVP_KDF_CTX_new(hkdf) : NULL;
    EVP_MAC_free(hmac);
    prepared->salt_len = salt.len;
    memcpy(prepared->salt, salt.at, salt.len);
    if (prepared->extract == NULL || prepared->expand == NULL ||
        EVP_MAC_init(prepared->extract, salt.at, salt.len, digest) != 1 ||
        EVP_KDF_CTX_set_params(prepared->expand, expand) != 1)
        return false;
    prepared->begins_anew = can_begin_anew(prepared);
    return begin_anew(prepared, true);
}

/* A thread that finds none makes another one. NULL: no memory, or the provider refuses. */
static struct prepared *take(struct stek_hkdf_bytes salt)
{
    struct prepared *prepared = atomic_exchange(&idle, NULL);

    if (prepared != NULL && prepared->salt_len == salt.len &&
        memcmp(prepared->salt, salt.at, salt.len) == 0)
        return prepared;
    prepared_free(prepared);
    prepared = calloc(1, sizeof *prepared);
    if (prepared == NULL || prepare(prepared, salt))
        return prepared;
    prepared_free(prepared);
    return NULL;
}

/* The last user may have gone meanwhile: it looks here after that, and this one after giving back.
 */
static void give_back(struct prepared *prepared)
{
    struct prepared *none = NULL;

    if (!atomic_compare_exchange_strong(&idle, &none, prepared))
        prepared_free(prepared);
    if (atomic_load(&users) == 0)
        stek_hkdf_forget();
}

/* To begin anew with both wipes what they took from the secret. */
static bool run(struct prepared *with, struct stek_hkdf_bytes ikm, struct stek_hkdf_bytes info,
                uint8_t *out, size_t out_len)
{
    static const uint8_t zeros[STEK_HKDF_PRK_LEN];
    STEK_SECRET(stek_secret32) struct stek_secret32 prk = {{0}};
    const OSSL_PARAM params[] = {octets(OSSL_KDF_PARAM_KEY, prk.bytes, sizeof prk.bytes),
                                 octets(OSSL_KDF_PARAM_INFO, info.at, info.len),
                                 OSSL_PARAM_construct_end()};
    const OSSL_PARAM emptied[] = {octets(OSSL_KDF_PARAM_KEY, zeros, sizeof zeros),
                                  OSSL_PARAM_construct_end()};

    return extract(with, ikm, prk.bytes) && begin_anew(with, !with->begins_anew) &&
           EVP_KDF_derive(with->expand, out, out_len, params) == 1 &&
           EVP_KDF_CTX_set_params(with->expand, emptied) == 1;
}

static bool derive_prepared(struct stek_hkdf_bytes salt, struct stek_hkdf_bytes ikm,
                            struct stek_hkdf_bytes info, uint8_t *out, size_t out_len)
{
    if (salt.len == 0 || salt.len > SALT_MAX ||
        atomic_load_explicit(&users, memory_order_relaxed) == 0 ||
        atomic_load_explicit(&refused, memory_order_relaxed))
        return false;
    struct prepared *prepared = take(salt);
    if (prepared != NULL && run(prepared, ikm, info, out, out_len)) {
        give_back(prepared);
        return true;
    }
    atomic_store_explicit(&refused, true, memory_order_relaxed);
    prepared_free(prepared);
    return false;
}

void stek_hkdf_forget(void)
{
    prepared_free(atomic_exchange(&idle, NULL));
}

void stek_hkdf_keep(void)
{
    (void)atomic_fetch_add(&users, 1);
}

void stek_hkdf_keep_no_more(void)
{
    if (atomic_fetch_sub(&users, 1) == 1)
        stek_hkdf_forget();
}

/* In one run of libcrypto's HKDF. */
static bool derive_at_once(struct stek_hkdf_bytes salt, struct stek_hkdf_bytes ikm,
                           struct stek_hkdf_bytes info, uint8_t *out, size_t out_len)
{
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
    OSSL_PARAM params[6];

    params[0] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    params[1] = digest_param();
    params[2] = salt_param(salt.at, salt.len);
    params[3] = octets(OSSL_KDF_PARAM_KEY, ikm.at, ikm.len);
    params[4] = octets(OSSL_KDF_PARAM_INFO, info.at, info.len);
    params[5] = OSSL_PARAM_construct_end();
    return derive(params, out, out_len) == STEK_OK;
}

enum stek_result stek_hkdf_derive(struct stek_hkdf_bytes salt, struct stek_hkdf_bytes ikm,
                                  struct stek_hkdf_bytes info, uint8_t *ret_out, size_t out_len)
{
    STEK_QUIET(quiet);

    if (out_len == 0 || out_len > STEK_HKDF_OUT_MAX)
        return STEK_ERR_ARGUMENT;
    if (derive_prepared(salt, ikm, info, ret_out, out_len) ||
        derive_at_once(salt, ikm, info, ret_out, out_len))
        return STEK_OK;
    stek_wipe(ret_out, out_len);
    return STEK_ERR_CRYPTO;
}
