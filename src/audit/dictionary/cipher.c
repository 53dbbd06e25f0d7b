/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/cipher.h"

#include <string.h>

enum { BLOCK = STEK_AUDIT_BLOCK_LEN, CHACHA_LOOK_LEN = 512 };

static EVP_CIPHER_CTX *schedule(const EVP_CIPHER *cipher, const uint8_t *key, int encrypt)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    /* A stream cipher has no padding to switch off, and its IV would be set the slower for it. */
    if (ctx == NULL || EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypt) != 1 ||
        (EVP_CIPHER_get_block_size(cipher) > 1 && EVP_CIPHER_CTX_set_padding(ctx, 0) != 1)) {
        EVP_CIPHER_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

enum stek_result stek_audit_cipher_key_init(struct stek_audit_cipher_key *key)
{
    const EVP_CIPHER *ecb = key->len == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();

    key->encrypt = schedule(ecb, key->key, 1);
    key->decrypt = schedule(ecb, key->key, 0);
    key->chacha = key->len == 32 ? schedule(EVP_chacha20(), key->key, 1) : NULL;
    if (key->encrypt != NULL && key->decrypt != NULL && (key->len != 32 || key->chacha != NULL))
        return STEK_OK;
    stek_audit_cipher_key_fini(key);
    return STEK_ERR_CRYPTO;
}

void stek_audit_cipher_key_fini(struct stek_audit_cipher_key *key)
{
    EVP_CIPHER_CTX_free(key->encrypt);
    EVP_CIPHER_CTX_free(key->decrypt);
    EVP_CIPHER_CTX_free(key->chacha);
    key->encrypt = key->decrypt = key->chacha = NULL;
}

static void exclusive_or(uint8_t out[BLOCK], const uint8_t *a, const uint8_t *b)
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = a[i] ^ b[i];
}

static const char *counter_name(uint8_t key_len, int kind)
{
    if (kind == STEK_AUDIT_COUNTER_CTR)
        return key_len == 16 ? "AES-128-CTR" : "AES-256-CTR";
    if (kind == STEK_AUDIT_COUNTER_GCM)
        return key_len == 16 ? "AES-128-GCM" : "AES-256-GCM";
    return key_len == 16 ? "AES-128-CCM" : "AES-256-CCM";
}

/* Whether the whole block is from the secret, and fits into what is looked at. */
static bool opens(const struct stek_audit_probes *probes, const uint8_t *stream, size_t at)
{
    uint8_t plain[BLOCK];

    if (at + BLOCK > probes->look_len)
        return false;
    exclusive_or(plain, stream, probes->ticket->bytes + at);
    return stek_audit_sought_is(&probes->sought, plain);
}

static void set_hit(struct stek_audit_hit *hit, const char *cipher, int nonce_at, size_t secret_at)
{
    hit->kind = STEK_AUDIT_HIT_OPENED;
    hit->cipher = cipher;
    hit->nonce_at = nonce_at;
    hit->secret_at = (int32_t)secret_at;
}

/* The nonce is in the ticket. */
static bool try_nonces(const struct stek_audit_cipher_key *key,
                       const struct stek_audit_probes *probes, struct stek_audit_hit *hit)
{
    const struct stek_audit_sought *sought = &probes->sought;

    for (size_t i = 0; i < probes->probes_len; i++) {
        const struct stek_audit_probe *probe = &probes->probes[i];
        const uint8_t *stream = probes->out + BLOCK * i;
        const uint16_t pair = stek_audit_pair(stream);
        if (!stek_audit_sought_starts(sought, pair ^ probe->first[0]) &&
            !stek_audit_sought_starts(sought, pair ^ probe->first[1]))
            continue;
        for (size_t gap = 0; gap <= 2; gap += 2)
            if (opens(probes, stream, probe->at + gap)) {
                set_hit(hit, counter_name(key->len, probe->kind), probe->nonce_at, probe->at + gap);
                return true;
            }
    }
    return false;
}

/* The nonce is zeros and not in the ticket. All tickets then have the same keystream, which is a
 * finding without any key, so only the usual lengths of names and length fields are tried. */
static bool try_no_nonce(const struct stek_audit_cipher_key *key,
                         const struct stek_audit_probes *probes, struct stek_audit_hit *hit)
{
    static const uint8_t starts[] = {0, 2, 4, 8, 16, 18, 20, 28, 32, 34};
    const size_t each = (probes->counters_len - probes->probes_len) / 2;

    for (size_t i = probes->probes_len; i < probes->counters_len; i++) {
        const size_t number = i - probes->probes_len;
        const uint8_t *stream = probes->out + BLOCK * i;
        const uint16_t pair = stek_audit_pair(stream);
        for (size_t k = 0; k < sizeof starts; k++) {
            const size_t at = number % each * probes->step * BLOCK + starts[k];
            if (at + BLOCK > probes->look_len ||
                !stek_audit_sought_starts(&probes->sought,
                                          pair ^ stek_audit_pair(probes->ticket->bytes + at)) ||
                !opens(probes, stream, at))
                continue;
            set_hit(hit,
                    counter_name(key->len,
                                 number < each ? STEK_AUDIT_COUNTER_CTR : STEK_AUDIT_COUNTER_GCM),
                    -1, at);
            return true;
        }
    }
    return false;
}

enum stek_result stek_audit_try_counters(const struct stek_audit_cipher_key *key,
                                         const struct stek_audit_probes *probes,
                                         struct stek_audit_hit *ret_hit)
{
    int len;

    if (EVP_EncryptUpdate(key->encrypt, probes->out, &len, probes->counters,
                          (int)(BLOCK * probes->counters_len)) != 1)
        return STEK_ERR_CRYPTO;
    if (!try_nonces(key, probes, ret_hit))
        (void)try_no_nonce(key, probes, ret_hit);
    return STEK_OK;
}

enum stek_result stek_audit_try_cbc(const struct stek_audit_cipher_key *key,
                                    const struct stek_audit_probes *probes,
                                    struct stek_audit_hit *ret_hit)
{
    int len;

    if (EVP_DecryptUpdate(key->decrypt, probes->out, &len, probes->shifted,
                          (int)(BLOCK * probes->shifted_len)) != 1)
        return STEK_ERR_CRYPTO;
    for (size_t i = 0; i < probes->shifted_len; i++) {
        const uint8_t *before = probes->ticket->bytes + probes->shifted_at[i] - BLOCK;
        const uint8_t *block = probes->out + BLOCK * i;
        if (!stek_audit_sought_starts(&probes->sought,
                                      stek_audit_pair(block) ^ stek_audit_pair(before)) ||
            !opens(probes, block, probes->shifted_at[i] - BLOCK))
            continue;
        set_hit(ret_hit, key->len == 16 ? "AES-128-CBC" : "AES-256-CBC", -1, probes->shifted_at[i]);
        return STEK_OK;
    }
    return STEK_OK;
}

/* The keystream of one nonce against the ciphertext after it. */
static bool chacha_opens(const struct stek_audit_probes *probes, const uint8_t *stream,
                         size_t stream_len, size_t text_at, size_t *ret_at)
{
    for (size_t i = 0; i + BLOCK <= stream_len && text_at + i + BLOCK <= probes->look_len;
         i += BLOCK * probes->step) {
        const uint16_t text = stek_audit_pair(probes->ticket->bytes + text_at + i);
        if (!stek_audit_sought_starts(&probes->sought, stek_audit_pair(stream + i) ^ text) ||
            !opens(probes, stream + i, text_at + i))
            continue;
        *ret_at = text_at + i;
        return true;
    }
    return false;
}

enum stek_result stek_audit_try_chacha(const struct stek_audit_cipher_key *key,
                                       const struct stek_audit_probes *probes,
                                       struct stek_audit_hit *ret_hit)
{
    static const uint8_t zeros[CHACHA_LOOK_LEN];
    uint8_t stream[CHACHA_LOOK_LEN];

    for (size_t at = 0; at <= STEK_AUDIT_NONCE_AT_MAX && at + 12 + BLOCK <= probes->look_len;
         at++) {
        const size_t left = probes->look_len - at - 12;
        const size_t want = left < sizeof stream ? left : sizeof stream;
        uint8_t iv[16] = {1}; /* block counter 1, RFC 8439 section 2.8 */
        int len;
        memcpy(iv + 4, probes->ticket->bytes + at, 12);
        if (EVP_EncryptInit_ex(key->chacha, NULL, NULL, NULL, iv) != 1 ||
            EVP_EncryptUpdate(key->chacha, stream, &len, zeros, (int)want) != 1)
            return STEK_ERR_CRYPTO;
        for (size_t gap = 0; gap <= 2; gap += 2) {
            size_t secret_at;
            if (!chacha_opens(probes, stream, want, at + 12 + gap, &secret_at))
                continue;
            set_hit(ret_hit, "ChaCha20-Poly1305", (int)at, secret_at);
            return STEK_OK;
        }
    }
    return STEK_OK;
}
