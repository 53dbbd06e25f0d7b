/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/derived.h"

#include <string.h>

enum stek_result stek_keyfile_add_derived(const struct stek_record *record,
                                          const struct stek_context *context,
                                          struct stek_keyfile_keys *keys)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key derived;
    struct stek_keyfile_key *key = &keys->at[keys->count];
    const enum stek_result result = stek_derive_ticket_key(&record->secret, context, &derived);

    if (result != STEK_OK)
        return result;
    memcpy(key->name, derived.name, sizeof key->name);
    memcpy(key->hmac, derived.hmac_key, STEK_HMAC_KEY_LEN);
    memcpy(key->aes, derived.aes_key, STEK_AES_KEY_LEN);
    key->hmac_len = STEK_HMAC_KEY_LEN;
    key->aes_len = STEK_AES_KEY_LEN;
    key->from = record->active_from;
    key->until = record->accept_until;
    keys->count++;
    return STEK_OK;
}
