/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/derived.h"

#include <string.h>

/* Both kinds of keys lie as they are derived: a name, and after it two keys of `len` bytes each. */
static void put(const void *keys, size_t len, struct stek_keyfile_key *ret_key)
{
    const uint8_t *at = keys;

    memcpy(ret_key->name, at, STEK_NAME_LEN);
    memcpy(ret_key->hmac, at + STEK_NAME_LEN, len);
    memcpy(ret_key->aes, at + STEK_NAME_LEN + len, len);
    ret_key->hmac_len = len;
    ret_key->aes_len = len;
}

static enum stek_result derive_long(const struct stek_secret32 *secret,
                                    const struct stek_context *context,
                                    struct stek_keyfile_key *ret_key)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key derived;
    const enum stek_result result = stek_derive_ticket_key(secret, context, &derived);

    if (result == STEK_OK)
        put(&derived, STEK_AES_KEY_LEN, ret_key);
    return result;
}

static enum stek_result derive_short(const struct stek_secret32 *secret,
                                     const struct stek_context *context,
                                     struct stek_keyfile_key *ret_key)
{
    STEK_SECRET(stek_short_ticket_key) struct stek_short_ticket_key derived;
    const enum stek_result result = stek_derive_short_ticket_key(secret, context, &derived);

    if (result == STEK_OK)
        put(&derived, STEK_SHORT_KEY_LEN, ret_key);
    return result;
}

enum stek_result stek_keyfile_add_derived(const struct stek_record *record,
                                          const struct stek_context *context,
                                          struct stek_keyfile_keys *keys)
{
    struct stek_keyfile_key *key = &keys->at[keys->count];
    const bool is_short = keys->layout->part_len == STEK_SHORT_KEY_LEN;
    const enum stek_result result = is_short ? derive_short(&record->secret, context, key)
                                             : derive_long(&record->secret, context, key);

    if (result != STEK_OK)
        return result;
    key->from = record->active_from;
    key->until = record->accept_until;
    keys->count++;
    return STEK_OK;
}
