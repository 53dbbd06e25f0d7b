/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_cipher.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

enum { BLOCK_LEN = 16, KEY_LEN = 32 };

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

const EVP_CIPHER *fault_padded_stream(const EVP_CIPHER *inner)
{
    static EVP_CIPHER *cipher;

    stream = inner;
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
