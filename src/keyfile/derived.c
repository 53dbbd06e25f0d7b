/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/derived.h"

#include <string.h>

static enum stek_result derive_long(const struct stek_secret32 *secret,
                                    const struct stek_context *context,
                                    struct stek_keyfile_key *ret_key)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key derived;
    const enum stek_result result = stek_derive_ticket_key(secret, context, &derived);

    if (result != STEK_OK)
        return result;
    memcpy(ret_key->name, derived.name, sizeof ret_key->name);
    memcpy(ret_key->hmac, derived.hmac_key, STEK_HMAC_KEY_LEN);
    memcpy(ret_key->aes, derived.aes_key, STEK_AES_KEY_LEN);
    ret_key->hmac_len = STEK_HMAC_KEY_LEN;
    ret_key->aes_len = STEK_AES_KEY_LEN;
    return STEK_OK;
}

static enum stek_result derive_short(const struct stek_secret32 *secret,
                                     const struct stek_context *context,
                                     struct stek_keyfile_key *ret_key)
{
    STEK_SECRET(stek_short_ticket_key) struct stek_short_ticket_key derived;
    const enum stek_result result = stek_derive_short_ticket_key(secret, context, &derived);

    if (result != STEK_OK)
        return result;
    memcpy(ret_key->name, derived.name, sizeof ret_key->name);
    memcpy(ret_key->hmac, derived.hmac_key, STEK_SHORT_KEY_LEN);
    memcpy(ret_key->aes, derived.aes_key, STEK_SHORT_KEY_LEN);
    ret_key->hmac_len = STEK_SHORT_KEY_LEN;
    ret_key->aes_len = STEK_SHORT_KEY_LEN;
    return STEK_OK;
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
