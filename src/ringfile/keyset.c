/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/keyset.h"

#include <string.h>

static bool has_mask(const struct stek_record *record)
{
    static const struct stek_mask none;

    return CRYPTO_memcmp(&record->mask, &none, sizeof none) != 0;
}

/*
 * The entry of the same record among those that stood in the set before, if its keys can be
 * uncovered. A record without a fingerprint has no keys.
 */
static const struct stek_keyset_entry *same_record(const struct stek_keyset *set, uint64_t known,
                                                   const struct stek_record *record)
{
    static const struct stek_fingerprint none;

    if (memcmp(&record->fingerprint, &none, sizeof none) == 0)
        return NULL;
    for (uint64_t i = set->head.count; i < known; i++)
        if (set->entry[i].seq == record->seq &&
            memcmp(&set->entry[i].fingerprint, &record->fingerprint, sizeof none) == 0)
            return set->entry[i].place == 0 || has_mask(record) ? &set->entry[i] : NULL;
    return NULL;
}

/* The record's keys, uncovered: known, or derived. */
static enum stek_result find_key(const struct stek_record *record,
                                 const struct stek_keyset_entry *entry,
                                 const struct stek_context *context,
                                 struct stek_ticket_key *ret_key)
{
    if (entry == NULL)
        return stek_derive_ticket_key(&record->secret, context, ret_key);
    *ret_key = entry->key;
    if (entry->place != 0)
        stek_mask_apply(&record->mask, ret_key);
    return STEK_OK;
}

static bool name_is_taken(const struct stek_keyset *set, const uint8_t name[STEK_NAME_LEN])
{
    for (size_t i = 0; i < set->head.count; i++)
        if (set->entry[i].seq != 0 && memcmp(set->entry[i].key.name, name, STEK_NAME_LEN) == 0)
            return true;
    return false;
}

/* Covers the keys of an entry if their record has a mask. False: the image has lost the mask. */
static bool cover(const struct stek_record *record, const struct stek_image *image,
                  uint64_t generation, struct stek_keyset_entry *entry, struct stek_mask *mask)
{
    if (image == NULL || !has_mask(record))
        return true;
    entry->place = stek_image_place(image, generation, &record->fingerprint);
    if (entry->place == 0)
        return false;
    *mask = record->mask;
    stek_mask_apply(mask, &entry->key);
    return true;
}

/* Whose keys are needed, besides those that are known. */
struct need {
    const struct stek_context *context;
    const struct stek_record *active; /* NULL: there is none */
    enum stek_keyset_use use;
    uint64_t known;
};

/* Where two records have one secret, the first one has the name. */
static bool must_derive(const struct need *need, const struct stek_record *record)
{
    return need->use == STEK_KEYSET_OPENS ||
           (need->active != NULL && memcmp(&need->active->fingerprint, &record->fingerprint,
                                           sizeof record->fingerprint) == 0);
}

/* Fills the next place, unless there is no usable key. False: there may be one another time. */
static bool fill_entry(const struct stek_record *record, const struct stek_image *image,
                       const struct stek_keyset_entry *same, const struct need *need,
                       struct stek_keyset *set)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    enum stek_result result = find_key(record, same, need->context, &key);
    struct stek_keyset_entry *entry = &set->entry[set->head.count];

    *entry = (struct stek_keyset_entry){0};
    if (result != STEK_OK || name_is_taken(set, key.name))
        return result == STEK_OK || result == STEK_ERR_RANDOM;
    /* Field by field: a compound literal can leave a copy of the keys on the stack. */
    entry->seq = record->seq;
    entry->accept_until = record->accept_until;
    entry->key = key;
    entry->fingerprint = record->fingerprint;
    return cover(record, image, set->head.generation, entry, &set->mask[set->head.count]);
}

static bool add_entry(const struct stek_record *record, const struct stek_image *image,
                      const struct need *need, struct stek_keyset *set)
{
    const struct stek_keyset_entry *same = same_record(set, need->known, record);
    bool lasting = true;

    set->mask[set->head.count] = (struct stek_mask){{0}};
    if (same != NULL || must_derive(need, record)) {
        lasting = fill_entry(record, image, same, need, set);
    } else {
        set->entry[set->head.count] = (struct stek_keyset_entry){0};
        set->head.only_seals = 1;
    }
    set->head.count++;
    return lasting;
}

bool stek_keyset_build(const struct stek_records *records, const struct stek_image *image,
                       uint64_t generation, const struct stek_context *context, int64_t now,
                       enum stek_keyset_use use, struct stek_keyset *set)
{
    struct stek_view view;

    stek_records_view(records, now, &view);
    const struct need need = {.context = context,
                              .active = view.active >= 0 ? &records->at[view.active] : NULL,
                              .use = use,
                              .known = set->head.count};
    set->head = (struct stek_keyset_head){
        .generation = generation, .valid_from = view.valid_from, .valid_until = view.valid_until};
    bool lasting = view.active >= 0;
    for (size_t i = 0; i < records->count; i++)
        lasting = add_entry(&records->at[i], image, &need, set) && lasting;
    if (view.active >= 0) {
        set->head.active = (uint64_t)view.active;
        set->head.active_seq = set->entry[view.active].seq;
    }
    return lasting;
}

static void take_key(const struct stek_keyset *set, uint64_t place, struct stek_ticket_key *ret_key)
{
    *ret_key = set->entry[place].key;
    if (set->entry[place].place != 0)
        stek_mask_apply(&set->mask[place], ret_key);
}

bool stek_keyset_seal(const struct stek_keyset *set, struct stek_seal_key *ret_key)
{
    if (set->head.active_seq == 0)
        return false;
    take_key(set, set->head.active, &ret_key->key);
    ret_key->accept_until = set->entry[set->head.active].accept_until;
    return true;
}

enum stek_choice stek_keyset_open(const struct stek_keyset *set, const uint8_t name[STEK_NAME_LEN],
                                  bool single_use, int64_t now, struct stek_ticket_key *ret_key)
{
    size_t place = 0;

    while (place < set->head.count &&
           (set->entry[place].seq == 0 ||
            memcmp(set->entry[place].key.name, name, STEK_NAME_LEN) != 0))
        place++;
    if (place == set->head.count)
        return STEK_CHOICE_UNKNOWN;
    const enum stek_choice choice =
        stek_choose_open(set->entry[place].seq, set->entry[place].accept_until,
                         set->head.active_seq, single_use, now);
    if (choice != STEK_CHOICE_UNKNOWN)
        take_key(set, place, ret_key);
    return choice;
}
