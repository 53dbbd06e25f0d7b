/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_algorithms.h"

#include <string.h>

enum { BLOCK_LEN = 16, KEY_LEN = 32, DIGEST_LEN = 32, DIGEST_BLOCK_LEN = 64 };

static const EVP_CIPHER *stream;
static EVP_CIPHER_CTX *state;

static int start(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *iv,
                 int encrypt)
{
    (void)ctx;
    if (state == NULL)
        state = EVP_CIPHER_CTX_new();
    return state != NULL &&
           (stream == NULL || EVP_CipherInit_ex(state, stream, NULL, key, iv, encrypt) == 1);
}

static int go_on(EVP_CIPHER_CTX *ctx, unsigned char *out, const unsigned char *in, size_t len)
{
    int used;

    (void)ctx;
    if (stream != NULL)
        return EVP_CipherUpdate(state, out, &used, in, (int)len);
    memmove(out, in, len);
    return 1;
}

const EVP_CIPHER *fault_padded_stream(enum fault_stream inner)
{
    static EVP_CIPHER *cipher;

    stream = inner == FAULT_STREAM_CLEAR         ? NULL
             : inner == FAULT_STREAM_AES_128_CTR ? EVP_aes_128_ctr()
                                                 : EVP_aes_256_ctr();
    if (cipher != NULL)
        return cipher;
    cipher = EVP_CIPHER_meth_new(NID_undef, BLOCK_LEN, KEY_LEN);
    if (cipher == NULL || EVP_CIPHER_meth_set_iv_length(cipher, BLOCK_LEN) != 1 ||
        EVP_CIPHER_meth_set_flags(cipher, EVP_CIPH_CBC_MODE) != 1 ||
        EVP_CIPHER_meth_set_init(cipher, start) != 1 ||
        EVP_CIPHER_meth_set_do_cipher(cipher, go_on) != 1)
        return NULL;
    return cipher;
}

static int ignore_init(EVP_MD_CTX *ctx)
{
    (void)ctx;
    return 1;
}

static int ignore_update(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    (void)ctx;
    (void)data;
    (void)len;
    return 1;
}

static int always_same(EVP_MD_CTX *ctx, unsigned char *out)
{
    (void)ctx;
    memset(out, 0x6d, DIGEST_LEN);
    return 1;
}

const EVP_MD *fault_constant_digest(void)
{
    static EVP_MD *digest;

    if (digest != NULL)
        return digest;
    digest = EVP_MD_meth_new(NID_undef, NID_undef);
    if (digest == NULL || EVP_MD_meth_set_result_size(digest, DIGEST_LEN) != 1 ||
        EVP_MD_meth_set_input_blocksize(digest, DIGEST_BLOCK_LEN) != 1 ||
        EVP_MD_meth_set_app_datasize(digest, 8) != 1 ||
        EVP_MD_meth_set_init(digest, ignore_init) != 1 ||
        EVP_MD_meth_set_update(digest, ignore_update) != 1 ||
        EVP_MD_meth_set_final(digest, always_same) != 1)
        return NULL;
    return digest;
}
