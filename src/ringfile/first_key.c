/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/first_key.h"

static inline void entry_wipe(struct stek_keyset_entry *entry)
{
    stek_wipe(entry, sizeof *entry);
}

/* The active record, while the image is still the one that this was seen of. */
static bool read_active(const struct stek_image *image, uint64_t generation,
                        const struct stek_looked_at *seen, struct stek_record *record)
{
    static const struct stek_fingerprint none;

    return seen->view.active >= 0 && seen->place != 0 &&
           stek_image_record(image, seen->place, record) &&
           stek_image_generation(image) == generation &&
           memcmp(&record->fingerprint, &none, sizeof none) != 0;
}

/* Without a mask the record was not made by this version of stek: the long way knows what to do. */
static bool cover(const struct stek_record *record, uint64_t place, struct stek_keyset_entry *entry)
{
    static const struct stek_mask none;

    if (CRYPTO_memcmp(&record->mask, &none, sizeof none) == 0)
        return false;
    entry->place = place;
    stek_mask_apply(&record->mask, &entry->key);
    return true;
}

static void keep(const struct stek_keys *keys, uint64_t generation,
                 const struct stek_looked_at *seen, const struct stek_record *record,
                 const struct stek_ticket_key *key)
{
    STEK_SECRET(entry)
    struct stek_keyset_entry entry = {.seq = record->seq,
                                      .accept_until = record->accept_until,
                                      .fingerprint = record->fingerprint};
    const struct stek_keyset_head head = {.generation = generation,
                                          .valid_from = seen->view.valid_from,
                                          .valid_until = seen->view.valid_until,
                                          .active_seq = record->seq,
                                          .active = (uint64_t)seen->view.active,
                                          .only_seals = 1,
                                          .count = (uint64_t)seen->view.active + 1};

    entry.key = *key;
    if (cover(record, seen->place, &entry))
        (void)stek_key_cache_publish_first(stek_keys_cache(keys), &head, &entry);
}

bool stek_first_key(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                    struct stek_seal_key *ret_key)
{
    STEK_SECRET(stek_record) struct stek_record record;
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    const uint64_t generation = stek_image_generation(ring->image);
    struct stek_looked_at seen;

    if (!stek_key_cache_is_new(stek_keys_cache(keys)) ||
        !stek_stretch_read(&ring->looked_at, generation, now, &seen) ||
        !read_active(ring->image, generation, &seen, &record) ||
        stek_derive_ticket_key(&record.secret, &keys->context, &key) != STEK_OK)
        return false;
    keep(keys, generation, &seen, &record, &key);
    if (stek_image_generation(ring->image) != generation) { /* others may have swept before */
        stek_key_cache_sweep(stek_keys_cache(keys), NULL, now);
        return false;
    }
    ret_key->key = key;
    ret_key->accept_until = record.accept_until;
    return true;
}
