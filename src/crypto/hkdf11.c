/* SPDX-License-Identifier: Apache-2.0 */
/* What hkdf.c does, for OpenSSL 1.1.1: from HMAC, as RFC 5869 defines it. */
#include "crypto/hkdf.h"

#include "crypto/quiet.h"
#include "crypto/wipe.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdbool.h>
#include <string.h>

enum stek_result stek_hkdf_extract(const uint8_t *salt, size_t salt_len, const uint8_t *ikm,
                                   size_t ikm_len, uint8_t ret_prk[STEK_HKDF_PRK_LEN])
{
    STEK_QUIET(quiet);
    STEK_SECRET(stek_secret32) struct stek_secret32 prk;
    unsigned len = 0;

    /* HMAC fills a key up with zeros, so that no salt is as good as zeros. */
    if (HMAC(EVP_sha256(), salt_len != 0 ? (const void *)salt : "", (int)salt_len, ikm, ikm_len,
             prk.bytes, &len) == NULL ||
        len != sizeof prk.bytes)
        return STEK_ERR_CRYPTO;
    memcpy(ret_prk, prk.bytes, sizeof prk.bytes);
    return STEK_OK;
}

/* T(n) of section 2.3; the last one comes in `block`, and the next one goes out there. */
static bool next_block(HMAC_CTX *hmac, const uint8_t prk[STEK_HKDF_PRK_LEN],
                       struct stek_secret32 *block, uint8_t number, const uint8_t *info,
                       size_t info_len)
{
    return HMAC_Init_ex(hmac, prk, STEK_HKDF_PRK_LEN, EVP_sha256(), NULL) == 1 &&
           (number == 1 || HMAC_Update(hmac, block->bytes, sizeof block->bytes) == 1) &&
           HMAC_Update(hmac, info, info_len) == 1 && HMAC_Update(hmac, &number, 1) == 1 &&
           HMAC_Final(hmac, block->bytes, NULL) == 1;
}

enum stek_result stek_hkdf_expand(const uint8_t prk[STEK_HKDF_PRK_LEN], const uint8_t *info,
                                  size_t info_len, uint8_t *ret_out, size_t out_len)
{
    STEK_QUIET(quiet);
    STEK_SECRET(stek_secret32) struct stek_secret32 block;

    if (out_len == 0 || out_len > STEK_HKDF_OUT_MAX)
        return STEK_ERR_ARGUMENT;
    HMAC_CTX *hmac = HMAC_CTX_new();
    bool ok = hmac != NULL;
    for (size_t at = 0, n = 1; ok && at < out_len; at += sizeof block.bytes, n++) {
        const size_t left = out_len - at;
        ok = next_block(hmac, prk, &block, (uint8_t)n, info, info_len);
        if (ok)
            memcpy(ret_out + at, block.bytes,
                   left < sizeof block.bytes ? left : sizeof block.bytes);
    }
    HMAC_CTX_free(hmac);
    if (!ok)
        stek_wipe(ret_out, out_len);
    return ok ? STEK_OK : STEK_ERR_CRYPTO;
}

enum stek_result stek_hkdf_derive(struct stek_hkdf_bytes salt, struct stek_hkdf_bytes ikm,
                                  struct stek_hkdf_bytes info, uint8_t *ret_out, size_t out_len)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 prk;

    if (out_len == 0 || out_len > STEK_HKDF_OUT_MAX)
        return STEK_ERR_ARGUMENT;
    enum stek_result result = stek_hkdf_extract(salt.at, salt.len, ikm.at, ikm.len, prk.bytes);
    if (result == STEK_OK)
        result = stek_hkdf_expand(prk.bytes, info.at, info.len, ret_out, out_len);
    else
        stek_wipe(ret_out, out_len);
    return result;
}

/* Here nothing is looked up by its name. */
void stek_hkdf_keep(void)
{
}

void stek_hkdf_keep_no_more(void)
{
}

void stek_hkdf_forget(void)
{
}
