/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/derive.h"

#include "crypto/hkdf.h"
#include "crypto/keycheck.h"

#include <string.h>

enum { LABEL_MAX = sizeof "ticket128" };

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

/* A name, and after it two keys of `len` bytes each. */
static bool keys_are_weak(const uint8_t name[STEK_NAME_LEN], size_t len)
{
    const uint8_t *hmac_key = name + STEK_NAME_LEN;
    const uint8_t *aes_key = hmac_key + len;

    return stek_key_is_weak(name, STEK_NAME_LEN) || stek_key_is_weak(hmac_key, len) ||
           stek_key_is_weak(aes_key, len) || CRYPTO_memcmp(hmac_key, aes_key, len) == 0;
}

/* `ret_keys` has room for a name and two keys of `len` bytes each. */
static enum stek_result derive_in_context(const struct stek_secret32 *secret, const char *label,
                                          const struct stek_context *context, uint8_t *ret_keys,
                                          size_t len)
{
    uint8_t info[LABEL_MAX + STEK_CONTEXT_MAX];
    const size_t label_len = strlen(label) + 1; /* its zero ends it */

    if (context->len > STEK_CONTEXT_MAX)
        return STEK_ERR_ARGUMENT;
    memcpy(info, label, label_len);
    memcpy(info + label_len, context->bytes, context->len);
    const enum stek_result result =
        derive(secret, info, label_len + context->len, ret_keys, STEK_NAME_LEN + 2 * len);
    return result == STEK_OK && keys_are_weak(ret_keys, len) ? STEK_ERR_RANDOM : result;
}

enum stek_result stek_derive_ticket_key(const struct stek_secret32 *secret,
                                        const struct stek_context *context,
                                        struct stek_ticket_key *ret_key)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;

    static_assert(sizeof key.hmac_key == sizeof key.aes_key, "both keys have one length");
    const enum stek_result result =
        derive_in_context(secret, "ticket", context, (uint8_t *)&key, STEK_AES_KEY_LEN);
    if (result == STEK_OK)
        *ret_key = key;
    return result;
}

enum stek_result stek_derive_short_ticket_key(const struct stek_secret32 *secret,
                                              const struct stek_context *context,
                                              struct stek_short_ticket_key *ret_key)
{
    STEK_SECRET(stek_short_ticket_key) struct stek_short_ticket_key key;

    const enum stek_result result =
        derive_in_context(secret, "ticket128", context, (uint8_t *)&key, STEK_SHORT_KEY_LEN);
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
