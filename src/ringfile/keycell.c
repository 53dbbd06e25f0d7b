/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/keycell.h"

#include <assert.h>
#include <stddef.h>

enum {
    HEAD_WORDS = STEK_WORDS(struct stek_keyset_head),
    ENTRY_WORDS = STEK_WORDS(struct stek_keyset_entry),
    SEQ_WORD = offsetof(struct stek_keyset_entry, seq) / 8,
    NAME_WORD = offsetof(struct stek_keyset_entry, key.name) / 8,
    NAME_WORDS = STEK_NAME_LEN / 8,
    MASK_WORDS = STEK_MASK_LEN / 8
};

static_assert(offsetof(struct stek_ticket_key, aes_key) == offsetof(struct stek_ticket_key, hmac_key) + STEK_HMAC_KEY_LEN,
              "a mask lies over both keys in one piece");

static inline void entry_wipe(struct stek_keyset_entry *entry)
{
    stek_wipe(entry, sizeof *entry);
}

/* Returns 0 when there is nothing to read: empty, or being written. */
static uint64_t begin_read(const struct stek_keycell *cell)
{
    if (cell->memory == NULL)
        return 0;
    const uint64_t version = atomic_load_explicit(&cell->memory->version, memory_order_acquire);
    return (version & 1) != 0 ? 0 : version;
}

static bool end_read(const struct stek_keycell *cell, uint64_t version)
{
    return atomic_load_explicit(&cell->memory->version, memory_order_relaxed) == version;
}

/* Reads the head. Returns the version, or 0 when the cell does not speak for this moment. */
static uint64_t begin_at(const struct stek_keycell *cell, struct stek_moment at, struct stek_keyset_head *head)
{
    const uint64_t version = begin_read(cell);

    if (version == 0)
        return 0;
    stek_words_load(head, cell->memory->head, HEAD_WORDS);
    const bool speaks = head->generation == at.generation && at.now >= head->valid_from &&
                        at.now < head->valid_until && head->count <= cell->capacity && head->active < cell->capacity;
    return speaks ? version : 0;
}

/* Uncovers the keys of an entry. Returns false when the mask is not there any more: then they are worthless. */
static inline bool uncover(struct stek_moment at, struct stek_keyset_entry *entry)
{
    if (entry->place == 0)
        return true;
    if (entry->place > STEK_RECORDS_MAX)
        return false;
    const stek_word *mask = stek_image_mask(at.image, at.generation, entry->place);
    uint8_t *keys = entry->key.hmac_key;
    for (size_t i = 0; i < MASK_WORDS; i++) {
        uint64_t word;
        memcpy(&word, keys + i * sizeof word, sizeof word);
        word ^= atomic_load_explicit(&mask[i], memory_order_acquire);
        memcpy(keys + i * sizeof word, &word, sizeof word);
    }
    return atomic_load_explicit(&at.image->generation, memory_order_relaxed) == at.generation;
}

enum stek_cell_answer stek_keycell_seal(const struct stek_keycell *cell, struct stek_moment at,
                                        struct stek_seal_key *ret_key)
{
    STEK_SECRET(entry) struct stek_keyset_entry entry;
    struct stek_keyset_head head;
    const uint64_t version = begin_at(cell, at, &head);

    if (version == 0)
        return STEK_CELL_STALE;
    stek_words_load(&entry, cell->memory->entry[head.active], ENTRY_WORDS);
    if (!end_read(cell, version))
        return STEK_CELL_STALE;
    if (head.active_seq == 0 || entry.seq != head.active_seq)
        return STEK_CELL_NO_KEY;
    if (!uncover(at, &entry))
        return STEK_CELL_STALE;
    ret_key->key = entry.key;
    ret_key->accept_until = entry.accept_until;
    return STEK_CELL_KEY;
}

/* The place of the entry with this name, or `count`. An empty place has no name, not even one of zeros. */
static uint64_t find(const struct stek_keycell *cell, uint64_t count, const uint64_t name[NAME_WORDS])
{
    for (uint64_t i = 0; i < count; i++) {
        const stek_word *words = cell->memory->entry[i];
        if (atomic_load_explicit(&words[NAME_WORD], memory_order_acquire) == name[0] &&
            atomic_load_explicit(&words[NAME_WORD + 1], memory_order_acquire) == name[1] &&
            atomic_load_explicit(&words[SEQ_WORD], memory_order_acquire) != 0)
            return i;
    }
    return count;
}

enum stek_cell_answer stek_keycell_open(const struct stek_keycell *cell, struct stek_moment at,
                                        const uint8_t name[STEK_NAME_LEN], bool single_use,
                                        enum stek_choice *ret_choice, struct stek_ticket_key *ret_key)
{
    STEK_SECRET(entry) struct stek_keyset_entry entry;
    struct stek_keyset_head head;
    uint64_t name_words[NAME_WORDS];
    const uint64_t version = begin_at(cell, at, &head);

    if (version == 0)
        return STEK_CELL_STALE;
    memcpy(name_words, name, sizeof name_words);
    const uint64_t place = find(cell, head.count, name_words);
    if (place >= head.count)
        return end_read(cell, version) ? STEK_CELL_NO_KEY : STEK_CELL_STALE;
    stek_words_load(&entry, cell->memory->entry[place], ENTRY_WORDS);
    if (!end_read(cell, version))
        return STEK_CELL_STALE;
    const enum stek_choice choice =
        stek_choose_open(entry.seq, entry.accept_until, head.active_seq, single_use, at.now);
    if (choice == STEK_CHOICE_UNKNOWN)
        return STEK_CELL_NO_KEY;
    if (!uncover(at, &entry))
        return STEK_CELL_STALE;
    *ret_choice = choice;
    *ret_key = entry.key;
    return STEK_CELL_KEY;
}

bool stek_keycell_copy(const struct stek_keycell *cell, struct stek_keyset *ret_set)
{
    const uint64_t version = begin_read(cell);

    if (version == 0)
        return false;
    stek_words_load(&ret_set->head, cell->memory->head, HEAD_WORDS);
    if (ret_set->head.count > cell->capacity)
        return false;
    for (uint64_t i = 0; i < ret_set->head.count; i++)
        stek_words_load(&ret_set->entry[i], cell->memory->entry[i], ENTRY_WORDS);
    return end_read(cell, version);
}

/* Makes the version odd; returns it, or 0 when another thread has it. */
static uint64_t claim(const struct stek_keycell *cell)
{
    if (cell->memory == NULL)
        return 0;
    uint64_t version = atomic_load_explicit(&cell->memory->version, memory_order_relaxed);

    if ((version & 1) != 0 || !atomic_compare_exchange_strong(&cell->memory->version, &version, version + 1))
        return 0;
    return version + 1;
}

static void release(const struct stek_keycell *cell, uint64_t claimed)
{
    atomic_store_explicit(&cell->memory->version, claimed + 1, memory_order_release);
}

bool stek_keycell_publish(const struct stek_keycell *cell, const struct stek_keyset *set)
{
    const uint64_t claimed = set->head.count <= cell->capacity ? claim(cell) : 0;

    if (claimed == 0)
        return false;
    stek_words_store(cell->memory->head, &set->head, HEAD_WORDS);
    for (uint64_t i = 0; i < cell->capacity; i++) {
        if (i < set->head.count)
            stek_words_store(cell->memory->entry[i], &set->entry[i], ENTRY_WORDS);
        else
            stek_words_zero(cell->memory->entry[i], ENTRY_WORDS);
    }
    release(cell, claimed);
    return true;
}

static bool still_lives(const struct stek_keyset_entry *entry, const struct stek_records *records, int64_t now)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->at[i].seq == entry->seq && records->at[i].accept_until > now)
            if (memcmp(&records->at[i].fingerprint, &entry->fingerprint, sizeof entry->fingerprint) == 0)
                return true;
    return false;
}

void stek_keycell_sweep(const struct stek_keycell *cell, const struct stek_records *records, int64_t now)
{
    static const struct stek_keyset_head stale;
    STEK_SECRET(entry) struct stek_keyset_entry entry;
    const uint64_t claimed = claim(cell);
    uint64_t count;

    if (claimed == 0)
        return;
    count = atomic_load_explicit(&cell->memory->head[offsetof(struct stek_keyset_head, count) / 8], memory_order_relaxed);
    stek_words_store(cell->memory->head, &stale, HEAD_WORDS - 1); /* all but the count: what lives serves the next build */
    for (uint64_t i = 0; i < cell->capacity && i < count; i++) {
        stek_words_load(&entry, cell->memory->entry[i], ENTRY_WORDS);
        if (!still_lives(&entry, records, now))
            stek_words_zero(cell->memory->entry[i], ENTRY_WORDS);
    }
    release(cell, claimed);
}
