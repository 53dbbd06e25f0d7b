/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "audit_seal.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096 };

struct out {
    uint8_t bytes[ROOM];
    size_t len;
};

static void put(struct out *out, const uint8_t *bytes, size_t len)
{
    assert_true(out->len + len <= ROOM);
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
}

static void put_random(struct out *out, size_t len)
{
    assert_true(out->len + len <= ROOM);
    assert_int_equal(RAND_bytes(out->bytes + out->len, (int)len), 1);
    out->len += len;
}

static void encrypt_into(const struct seal *seal, const uint8_t *nonce, size_t nonce_len,
                         const uint8_t *plain, size_t len, struct out *out)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, seal->cipher, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const int mode = cipher != NULL ? EVP_CIPHER_get_mode(cipher) : 0;
    const bool aead =
        cipher != NULL && (EVP_CIPHER_get_flags(cipher) & EVP_CIPH_FLAG_AEAD_CIPHER) != 0;
    uint8_t tag[16];
    int written, last = 0;

    assert_non_null(cipher);
    assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL), 1);
    if (aead)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_len, NULL),
                         1);
    if (mode == EVP_CIPH_CCM_MODE)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, NULL), 1);
    assert_int_equal(EVP_EncryptInit_ex2(ctx, NULL, seal->key, nonce, NULL), 1);
    if (mode == EVP_CIPH_CCM_MODE)
        assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &written, NULL, (int)len), 1);
    assert_true(out->len + len + 16 <= ROOM);
    assert_int_equal(EVP_EncryptUpdate(ctx, out->bytes + out->len, &written, plain, (int)len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, out->bytes + out->len + written, &last), 1);
    out->len += (size_t)(written + last);
    if (aead) {
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag), 1);
        put(out, tag, sizeof tag);
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

static size_t own_nonce_len(const struct seal *seal)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, seal->cipher, NULL);

    assert_non_null(cipher);
    const size_t len = (size_t)EVP_CIPHER_get_iv_length(cipher);
    EVP_CIPHER_free(cipher);
    return len;
}

void seal_bytes(const struct seal *seal, const uint8_t *plain, size_t len,
                struct stek_audit_ticket *ret_ticket)
{
    const size_t nonce_len = seal->nonce_len > 0 ? seal->nonce_len : own_nonce_len(seal);
    struct out out = {.len = 0};
    uint8_t nonce[16] = {0}, tag[EVP_MAX_MD_SIZE];
    unsigned tag_len;

    for (size_t i = 0; i < seal->name_len; i++)
        put(&out, (const uint8_t[]){(uint8_t)(0xa0 + i)}, 1);
    if (seal->nonce != NULL)
        memcpy(nonce, seal->nonce, nonce_len);
    else if (!seal->no_nonce)
        assert_int_equal(RAND_bytes(nonce, (int)nonce_len), 1);
    if (!seal->no_nonce)
        put(&out, nonce, nonce_len);
    for (size_t i = 0; i < seal->gap; i++)
        put(&out, (const uint8_t[]){0}, 1);
    encrypt_into(seal, nonce, nonce_len, plain, len, &out);
    if (seal->mac != NULL) {
        assert_non_null(HMAC(EVP_get_digestbyname(seal->mac), seal->mac_key, (int)seal->mac_key_len,
                             out.bytes, out.len, tag, &tag_len));
        put(&out, tag, tag_len);
    }
    ret_ticket->bytes = malloc(out.len);
    assert_non_null(ret_ticket->bytes);
    memcpy(ret_ticket->bytes, out.bytes, out.len);
    ret_ticket->len = out.len;
}

void seal_ticket(const struct seal *seal, uint16_t version, uint8_t secret_len,
                 struct stek_audit_ticket *ret_ticket)
{
    struct out plain = {.len = 0};

    memset(ret_ticket, 0, sizeof *ret_ticket);
    ret_ticket->version = version;
    ret_ticket->cipher = secret_len == 48 ? 0x1302 : 0x1301;
    ret_ticket->hint_s = 7200;
    ret_ticket->received = 1795000000;
    ret_ticket->secret_len = secret_len;
    assert_int_equal(RAND_bytes(ret_ticket->secret, secret_len), 1);
    put_random(&plain, seal->before);
    put(&plain, ret_ticket->secret, secret_len);
    put_random(&plain, seal->after);
    seal_bytes(seal, plain.bytes, plain.len, ret_ticket);
}
