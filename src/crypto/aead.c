/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "crypto/random.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

enum { AEAD_LEN_MAX = 65536 };

/* A nonce is 12 bytes, under the 16 that stek_random_public() can judge. */
static enum stek_result draw_nonce(uint8_t ret_nonce[STEK_AEAD_NONCE_LEN])
{
    uint8_t bytes[16];
    enum stek_result result = stek_random_public(bytes, sizeof bytes);

    if (result == STEK_OK)
        memcpy(ret_nonce, bytes, STEK_AEAD_NONCE_LEN);
    return result;
}

static bool gcm_encrypt(EVP_CIPHER_CTX *ctx, const struct stek_secret32 *key, const uint8_t *nonce,
                        struct stek_bytes associated, struct stek_bytes plain, uint8_t *out)
{
    int len;

    return EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, nonce) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &len, associated.at, (int)associated.len) == 1 &&
           (plain.len == 0 || EVP_EncryptUpdate(ctx, out, &len, plain.at, (int)plain.len) == 1) &&
           EVP_EncryptFinal_ex(ctx, out + plain.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, STEK_AEAD_TAG_LEN, out + plain.len) == 1;
}

enum stek_result stek_aead_seal(const struct stek_secret32 *key, struct stek_bytes associated,
                                struct stek_bytes plain, uint8_t *ret_sealed)
{
    if (plain.len > AEAD_LEN_MAX || associated.len > AEAD_LEN_MAX)
        return STEK_ERR_ARGUMENT;
    enum stek_result result = draw_nonce(ret_sealed);
    if (result != STEK_OK)
        return result;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL)
        return STEK_ERR_CRYPTO;
    if (!gcm_encrypt(ctx, key, ret_sealed, associated, plain, ret_sealed + STEK_AEAD_NONCE_LEN))
        result = STEK_ERR_CRYPTO;
    EVP_CIPHER_CTX_free(ctx);
    return result;
}

/* Everything but the verdict on the tag. */
static bool gcm_decrypt(EVP_CIPHER_CTX *ctx, const struct stek_secret32 *key,
                        struct stek_bytes associated, struct stek_bytes sealed, uint8_t *out)
{
    const uint8_t *cipher = sealed.at + STEK_AEAD_NONCE_LEN;
    const size_t cipher_len = sealed.len - STEK_AEAD_EXTRA_LEN;
    uint8_t tag[STEK_AEAD_TAG_LEN];
    int len;

    memcpy(tag, cipher + cipher_len, sizeof tag);
    return EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, sealed.at) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &len, associated.at, (int)associated.len) == 1 &&
           (cipher_len == 0 || EVP_DecryptUpdate(ctx, out, &len, cipher, (int)cipher_len) == 1) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, STEK_AEAD_TAG_LEN, tag) == 1;
}

enum stek_result stek_aead_open(const struct stek_secret32 *key, struct stek_bytes associated,
                                struct stek_bytes sealed, uint8_t *ret_plain)
{
    enum stek_result result = STEK_ERR_CRYPTO;
    int len;

    if (sealed.len < STEK_AEAD_EXTRA_LEN || sealed.len > AEAD_LEN_MAX + STEK_AEAD_EXTRA_LEN ||
        associated.len > AEAD_LEN_MAX)
        return STEK_ERR_FORMAT;
    const size_t plain_len = sealed.len - STEK_AEAD_EXTRA_LEN;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx != NULL && gcm_decrypt(ctx, key, associated, sealed, ret_plain))
        result =
            EVP_DecryptFinal_ex(ctx, ret_plain + plain_len, &len) == 1 ? STEK_OK : STEK_ERR_FORMAT;
    EVP_CIPHER_CTX_free(ctx);
    if (result != STEK_OK)
        stek_wipe(ret_plain, plain_len);
    return result;
}
