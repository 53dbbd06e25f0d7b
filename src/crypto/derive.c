/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/derive.h"

#include "crypto/hkdf.h"
#include "crypto/keycheck.h"

#include <string.h>

/* One output of a secret: `info` tells them apart. */
static enum stek_result derive(const struct stek_secret32 *secret, const void *info,
                               size_t info_len, uint8_t *ret_out, size_t out_len)
{
    static const uint8_t salt[] = {'s', 't', 'e', 'k', ' ', 'v', '1'};

    if (stek_key_is_weak(secret->bytes, sizeof secret->bytes))
        return STEK_ERR_RANDOM;
    return stek_hkdf_derive((struct stek_hkdf_bytes){salt, sizeof salt},
                            (struct stek_hkdf_bytes){secret->bytes, sizeof secret->bytes},
                            (struct stek_hkdf_bytes){info, info_len}, ret_out, out_len);
}

static bool ticket_key_is_weak(const struct stek_ticket_key *key)
{
    return stek_key_is_weak(key->name, sizeof key->name) ||
           stek_key_is_weak(key->hmac_key, sizeof key->hmac_key) ||
           stek_key_is_weak(key->aes_key, sizeof key->aes_key) ||
           CRYPTO_memcmp(key->hmac_key, key->aes_key, sizeof key->aes_key) == 0;
}

enum stek_result stek_derive_ticket_key(const struct stek_secret32 *secret,
                                        const struct stek_context *context,
                                        struct stek_ticket_key *ret_key)
{
    static const uint8_t label[] = {'t', 'i', 'c', 'k', 'e', 't', 0};
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    uint8_t info[sizeof label + STEK_CONTEXT_MAX];

    if (context->len > STEK_CONTEXT_MAX)
        return STEK_ERR_ARGUMENT;
    memcpy(info, label, sizeof label);
    memcpy(info + sizeof label, context->bytes, context->len);
    enum stek_result result =
        derive(secret, info, sizeof label + context->len, (uint8_t *)&key, sizeof key);
    if (result == STEK_OK && ticket_key_is_weak(&key))
        result = STEK_ERR_RANDOM;
    if (result == STEK_OK)
        *ret_key = key;
    return result;
}

enum stek_result stek_derive_continuation(const struct stek_secret32 *secret,
                                          struct stek_secret32 *ret_next)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 next;

    enum stek_result result =
        derive(secret, "continue", strlen("continue"), next.bytes, sizeof next.bytes);
    if (result == STEK_OK && stek_key_is_weak(next.bytes, sizeof next.bytes))
        result = STEK_ERR_RANDOM;
    if (result == STEK_OK)
        *ret_next = next;
    return result;
}

enum stek_result stek_derive_fingerprint(const struct stek_secret32 *secret,
                                         struct stek_fingerprint *ret_fingerprint)
{
    struct stek_fingerprint fingerprint;

    enum stek_result result = derive(secret, "fingerprint", strlen("fingerprint"),
                                     fingerprint.bytes, sizeof fingerprint.bytes);
    if (result == STEK_OK)
        *ret_fingerprint = fingerprint;
    return result;
}

enum stek_result stek_derive_mask(const struct stek_secret32 *secret, struct stek_mask *ret_mask)
{
    STEK_SECRET(stek_mask) struct stek_mask mask;

    enum stek_result result = derive(secret, "mask", strlen("mask"), mask.bytes, sizeof mask.bytes);
    if (result == STEK_OK)
        *ret_mask = mask;
    return result;
}
