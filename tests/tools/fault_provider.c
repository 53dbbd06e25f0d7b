/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_algorithms.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>

enum { BLOCK_LEN = 16, KEY_LEN = 32, DIGEST_LEN = 32, DIGEST_BLOCK_LEN = 64 };

typedef void (*function)(void);

static const char *const names[] = {
    [FAULT_STREAM_CLEAR] = "FAULT-CLEAR",
    [FAULT_STREAM_AES_128_CTR] = "FAULT-AES-128-CTR",
    [FAULT_STREAM_AES_256_CTR] = "FAULT-AES-256-CTR",
};

/* One text at a time, in one update, as libssl hands a ticket's. */
struct padded {
    enum fault_stream inner;
    EVP_CIPHER_CTX *stream;
    bool sealing;
    size_t len;
    unsigned char last[BLOCK_LEN]; /* what may be padding */
};

static void *padded_new(enum fault_stream inner)
{
    struct padded *padded = calloc(1, sizeof *padded);

    if (padded == NULL)
        return NULL;
    padded->inner = inner;
    padded->stream = EVP_CIPHER_CTX_new();
    return padded;
}

static void *clear_new(void *provider)
{
    (void)provider;
    return padded_new(FAULT_STREAM_CLEAR);
}

static void *aes128_new(void *provider)
{
    (void)provider;
    return padded_new(FAULT_STREAM_AES_128_CTR);
}

static void *aes256_new(void *provider)
{
    (void)provider;
    return padded_new(FAULT_STREAM_AES_256_CTR);
}

static void padded_free(void *ctx)
{
    struct padded *padded = ctx;

    EVP_CIPHER_CTX_free(padded->stream);
    free(padded);
}

static int start(struct padded *padded, const unsigned char *key, const unsigned char *iv)
{
    const EVP_CIPHER *stream =
        padded->inner == FAULT_STREAM_AES_128_CTR ? EVP_aes_128_ctr() : EVP_aes_256_ctr();

    padded->len = 0;
    if (key == NULL || iv == NULL || padded->inner == FAULT_STREAM_CLEAR)
        return 1;
    return EVP_EncryptInit_ex(padded->stream, stream, NULL, key, iv);
}

static int start_sealing(void *ctx, const unsigned char *key, size_t key_len,
                         const unsigned char *iv, size_t iv_len, const OSSL_PARAM params[])
{
    (void)key_len, (void)iv_len, (void)params;
    ((struct padded *)ctx)->sealing = true;
    return start(ctx, key, iv);
}

static int start_opening(void *ctx, const unsigned char *key, size_t key_len,
                         const unsigned char *iv, size_t iv_len, const OSSL_PARAM params[])
{
    (void)key_len, (void)iv_len, (void)params;
    ((struct padded *)ctx)->sealing = false;
    return start(ctx, key, iv);
}

/* A stream cipher does the same in both directions. */
static int apply(struct padded *padded, unsigned char *out, const unsigned char *in, size_t len)
{
    int used;

    if (padded->inner != FAULT_STREAM_CLEAR)
        return EVP_EncryptUpdate(padded->stream, out, &used, in, (int)len);
    memmove(out, in, len);
    return 1;
}

static int update(void *ctx, unsigned char *out, size_t *ret_len, size_t size,
                  const unsigned char *in, size_t len)
{
    struct padded *padded = ctx;

    if (len > size || padded->len != 0 || apply(padded, out, in, len) != 1)
        return 0;
    padded->len = len;
    *ret_len = len;
    if (padded->sealing)
        return 1;
    if (len < BLOCK_LEN)
        return 0;
    *ret_len = len - BLOCK_LEN;
    memcpy(padded->last, out + *ret_len, BLOCK_LEN);
    return 1;
}

static int finish(void *ctx, unsigned char *out, size_t *ret_len, size_t size)
{
    struct padded *padded = ctx;
    unsigned char padding[BLOCK_LEN];
    const size_t more = BLOCK_LEN - padded->len % BLOCK_LEN;

    if (size < BLOCK_LEN)
        return 0;
    if (padded->sealing) {
        memset(padding, (int)more, more);
        *ret_len = more;
        return apply(padded, out, padding, more);
    }
    const unsigned char extra = padded->last[BLOCK_LEN - 1];
    if (extra == 0 || extra > BLOCK_LEN)
        return 0;
    *ret_len = (size_t)BLOCK_LEN - extra;
    memcpy(out, padded->last, *ret_len);
    return 1;
}

static int set(OSSL_PARAM params[], const char *key, size_t value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, key);

    return param == NULL || OSSL_PARAM_set_size_t(param, value);
}

static int lengths(OSSL_PARAM params[])
{
    return set(params, OSSL_CIPHER_PARAM_BLOCK_SIZE, BLOCK_LEN) &&
           set(params, OSSL_CIPHER_PARAM_IVLEN, BLOCK_LEN) &&
           set(params, OSSL_CIPHER_PARAM_KEYLEN, KEY_LEN);
}

static int context_lengths(void *ctx, OSSL_PARAM params[])
{
    (void)ctx;
    return lengths(params);
}

#define PADDED(new)                                                                                \
    {                                                                                              \
        {OSSL_FUNC_CIPHER_NEWCTX, (function)(new)},                                                \
            {OSSL_FUNC_CIPHER_FREECTX, (function)padded_free},                                     \
            {OSSL_FUNC_CIPHER_ENCRYPT_INIT, (function)start_sealing},                              \
            {OSSL_FUNC_CIPHER_DECRYPT_INIT, (function)start_opening},                              \
            {OSSL_FUNC_CIPHER_UPDATE, (function)update},                                           \
            {OSSL_FUNC_CIPHER_FINAL, (function)finish},                                            \
            {OSSL_FUNC_CIPHER_GET_PARAMS, (function)lengths},                                      \
            {OSSL_FUNC_CIPHER_GET_CTX_PARAMS, (function)context_lengths}, {0, NULL},               \
    }

static const OSSL_DISPATCH clear[] = PADDED(clear_new), aes128[] = PADDED(aes128_new),
                           aes256[] = PADDED(aes256_new);

static void *digest_new(void *provider)
{
    (void)provider;
    return calloc(1, 1);
}

static void *digest_copy(void *ctx)
{
    (void)ctx;
    return calloc(1, 1);
}

static int digest_init(void *ctx, const OSSL_PARAM params[])
{
    (void)ctx, (void)params;
    return 1;
}

static int digest_update(void *ctx, const unsigned char *in, size_t len)
{
    (void)ctx, (void)in, (void)len;
    return 1;
}

static int digest_final(void *ctx, unsigned char *out, size_t *ret_len, size_t size)
{
    (void)ctx;
    if (size < DIGEST_LEN)
        return 0;
    memset(out, 0x6d, DIGEST_LEN);
    *ret_len = DIGEST_LEN;
    return 1;
}

static int digest_lengths(OSSL_PARAM params[])
{
    return set(params, OSSL_DIGEST_PARAM_BLOCK_SIZE, DIGEST_BLOCK_LEN) &&
           set(params, OSSL_DIGEST_PARAM_SIZE, DIGEST_LEN);
}

static const OSSL_DISPATCH constant[] = {
    {OSSL_FUNC_DIGEST_NEWCTX, (function)digest_new},
    {OSSL_FUNC_DIGEST_FREECTX, (function)free},
    {OSSL_FUNC_DIGEST_DUPCTX, (function)digest_copy},
    {OSSL_FUNC_DIGEST_INIT, (function)digest_init},
    {OSSL_FUNC_DIGEST_UPDATE, (function)digest_update},
    {OSSL_FUNC_DIGEST_FINAL, (function)digest_final},
    {OSSL_FUNC_DIGEST_GET_PARAMS, (function)digest_lengths},
    {0, NULL},
};

static const OSSL_ALGORITHM ciphers[] = {
    {"FAULT-CLEAR", "provider=fault", clear, NULL},
    {"FAULT-AES-128-CTR", "provider=fault", aes128, NULL},
    {"FAULT-AES-256-CTR", "provider=fault", aes256, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM digests[] = {
    {"FAULT-CONSTANT", "provider=fault", constant, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_CIPHER ? ciphers : operation == OSSL_OP_DIGEST ? digests : NULL;
}

static int begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                 void **provider)
{
    static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function)query},
                                              {0, NULL}};

    (void)in;
    *provider = (void *)(uintptr_t)handle;
    *out = functions;
    return 1;
}

/* A provider that is loaded by name keeps the default one from loading by itself. */
static bool load(void)
{
    static bool loaded;

    if (!loaded)
        loaded = OSSL_PROVIDER_add_builtin(NULL, "fault", begin) == 1 &&
                 OSSL_PROVIDER_load(NULL, "default") != NULL &&
                 OSSL_PROVIDER_load(NULL, "fault") != NULL;
    return loaded;
}

const EVP_CIPHER *fault_padded_stream(enum fault_stream inner)
{
    static EVP_CIPHER *fetched[sizeof names / sizeof *names];

    if (fetched[inner] == NULL && load())
        fetched[inner] = EVP_CIPHER_fetch(NULL, names[inner], "provider=fault");
    return fetched[inner];
}

const EVP_MD *fault_constant_digest(void)
{
    static EVP_MD *fetched;

    if (fetched == NULL && load())
        fetched = EVP_MD_fetch(NULL, "FAULT-CONSTANT", "provider=fault");
    return fetched;
}
