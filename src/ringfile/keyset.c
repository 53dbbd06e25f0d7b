/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/keyset.h"

#include <string.h>

static const struct stek_keyset_entry *same_record(const struct stek_keyset *old, const struct stek_record *record)
{
    for (size_t i = 0; old != NULL && i < old->head.count; i++)
        if (old->entry[i].seq == record->seq &&
            CRYPTO_memcmp(&old->entry[i].secret, &record->secret, sizeof record->secret) == 0)
            return &old->entry[i];
    return NULL;
}

static bool name_is_taken(const struct stek_keyset *set, const uint8_t name[STEK_NAME_LEN])
{
    for (size_t i = 0; i < set->head.count; i++)
        if (set->entry[i].seq != 0 && memcmp(set->entry[i].key.name, name, STEK_NAME_LEN) == 0)
            return true;
    return false;
}

/* Fills the next place; it stays empty when there is no usable key. Returns false if there may be one another time. */
static bool add_entry(const struct stek_record *record, const struct stek_context *context,
                      const struct stek_keyset *old, struct stek_keyset *set)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    const struct stek_keyset_entry *known = same_record(old, record);
    enum stek_result result = STEK_OK;
    struct stek_keyset_entry *entry = &set->entry[set->head.count];

    *entry = (struct stek_keyset_entry){0};
    if (known != NULL)
        key = known->key;
    else
        result = stek_derive_ticket_key(&record->secret, context, &key);
    if (result == STEK_OK && !name_is_taken(set, key.name)) {
        /* Field by field: a compound literal would leave a copy of the secret on the stack of an unoptimised build. */
        entry->seq = record->seq;
        entry->accept_until = record->accept_until;
        entry->key = key;
        entry->secret = record->secret;
    }
    set->head.count++;
    return result == STEK_OK || result == STEK_ERR_RANDOM;
}

bool stek_keyset_build(const struct stek_records *records, uint64_t generation, const struct stek_context *context,
                       int64_t now, const struct stek_keyset *old, struct stek_keyset *ret_set)
{
    struct stek_view view;

    stek_records_view(records, now, &view);
    ret_set->head = (struct stek_keyset_head){generation, view.valid_from, view.valid_until, 0, 0, 0};
    bool lasting = view.active >= 0;
    for (size_t i = 0; i < records->count; i++)
        lasting = add_entry(&records->at[i], context, old, ret_set) && lasting;
    if (view.active >= 0) {
        ret_set->head.active = (uint64_t)view.active;
        ret_set->head.active_seq = ret_set->entry[view.active].seq;
    }
    return lasting;
}

bool stek_keyset_seal(const struct stek_keyset *set, struct stek_seal_key *ret_key)
{
    if (set->head.active_seq == 0)
        return false;
    ret_key->key = set->entry[set->head.active].key;
    ret_key->accept_until = set->entry[set->head.active].accept_until;
    return true;
}

enum stek_choice stek_keyset_open(const struct stek_keyset *set, const uint8_t name[STEK_NAME_LEN], bool single_use,
                                  int64_t now, struct stek_ticket_key *ret_key)
{
    for (size_t i = 0; i < set->head.count; i++)
        if (set->entry[i].seq != 0 && memcmp(set->entry[i].key.name, name, STEK_NAME_LEN) == 0)
            return stek_keyset_entry_open(&set->entry[i], set->head.active_seq, single_use, now, ret_key);
    return STEK_CHOICE_UNKNOWN;
}

enum stek_choice stek_keyset_entry_open(const struct stek_keyset_entry *entry, uint64_t active_seq, bool single_use,
                                        int64_t now, struct stek_ticket_key *ret_key)
{
    enum stek_choice choice = stek_choose_open(entry->seq, entry->accept_until, active_seq, single_use, now);

    if (choice != STEK_CHOICE_UNKNOWN)
        *ret_key = entry->key;
    return choice;
}
