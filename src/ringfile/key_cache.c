/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/key_cache.h"

#include <assert.h>
#include <stddef.h>

enum {
    HEAD_WORDS = STEK_WORDS(struct stek_keyset_head),
    ENTRY_WORDS = STEK_WORDS(struct stek_keyset_entry),
    SEQ_WORD = offsetof(struct stek_keyset_entry, seq) / 8,
    NAME_WORD = offsetof(struct stek_keyset_entry, key.name) / 8,
    NAME_WORDS = STEK_NAME_LEN / 8,
    BEFORE_KEY_WORDS = offsetof(struct stek_keyset_entry, key) / 8,
    SECRET_WORD = BEFORE_KEY_WORDS + NAME_WORDS,
    SECRET_WORDS = STEK_WORDS(struct stek_ticket_key) - NAME_WORDS,
    MASK_WORDS = STEK_MASK_LEN / 8
};

/* Before the loop over the words of a key; clang 11 does not know the word of gcc. */
#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

static_assert(offsetof(struct stek_ticket_key, hmac_key) == STEK_NAME_LEN,
              "all but the name is secret");
static_assert(SECRET_WORDS == MASK_WORDS, "as stek_mask_apply() lays masks");

static inline void entry_wipe(struct stek_keyset_entry *entry)
{
    stek_wipe(entry, sizeof *entry);
}

/* Returns 0 when there is nothing to read: empty, or being written. */
static uint64_t begin_read(const struct stek_key_cache *cache)
{
    if (cache->memory == NULL)
        return 0;
    const uint64_t version = atomic_load_explicit(&cache->memory->version, memory_order_acquire);
    return (version & 1) != 0 ? 0 : version;
}

static bool end_read(const struct stek_key_cache *cache, uint64_t version)
{
    return atomic_load_explicit(&cache->memory->version, memory_order_relaxed) == version;
}

/* Reads the head. Returns the version, or 0 when the cache does not speak for this moment. */
static uint64_t begin_at(const struct stek_key_cache *cache, struct stek_moment at,
                         struct stek_keyset_head *head)
{
    const uint64_t version = begin_read(cache);

    if (version == 0)
        return 0;
    stek_words_load(head, cache->memory->head, HEAD_WORDS);
    const bool speaks = head->generation == at.generation && at.now >= head->valid_from &&
                        at.now < head->valid_until && head->count <= cache->capacity &&
                        head->active < cache->capacity;
    return speaks ? version : 0;
}

/* What stands in an entry before the key. */
struct entry_head {
    uint64_t seq;
    int64_t accept_until;
    uint64_t place;
};

static struct entry_head load_entry_head(const struct stek_key_cache *cache, uint64_t number)
{
    struct entry_head head;

    static_assert(STEK_WORDS(struct entry_head) == BEFORE_KEY_WORDS, "an entry begins with it");
    stek_words_load(&head, cache->memory->entry[number], BEFORE_KEY_WORDS);
    return head;
}

/* Over keys that are not covered lie zeros. */
static const stek_word *find_mask(struct stek_moment at, uint64_t place)
{
    static const stek_word none[MASK_WORDS];

    return place != 0 ? stek_image_mask(at.image, at.generation, place) : none;
}

static bool mask_was_there(struct stek_moment at, uint64_t place)
{
    return place == 0 ||
           atomic_load_explicit(&at.image->generation, memory_order_relaxed) == at.generation;
}

/*
 * Takes the key out of an entry and uncovers it on the way: one pass, and no second copy to be
 * wiped. Returns false when cache or image have changed since; *ret_key then holds nothing.
 */
static inline bool take_key(const struct stek_key_cache *cache, uint64_t version,
                            struct stek_moment at, uint64_t number, uint64_t place,
                            struct stek_ticket_key *ret_key)
{
    const stek_word *words = cache->memory->entry[number];

    if (place > STEK_RECORDS_MAX)
        return false;
    const stek_word *mask = find_mask(at, place);
    stek_words_load(ret_key->name, &words[NAME_WORD], NAME_WORDS);
    UNROLLED
    for (size_t i = 0; i < SECRET_WORDS; i++) {
        const uint64_t word = atomic_load_explicit(&words[SECRET_WORD + i], memory_order_acquire) ^
                              atomic_load_explicit(&mask[i], memory_order_acquire);
        memcpy((uint8_t *)ret_key + offsetof(struct stek_ticket_key, hmac_key) + i * sizeof word,
               &word, sizeof word);
    }
    if (end_read(cache, version) && mask_was_there(at, place))
        return true;
    stek_ticket_key_wipe(ret_key);
    return false;
}

enum stek_key_cache_answer stek_key_cache_seal(const struct stek_key_cache *cache,
                                               struct stek_moment at, struct stek_seal_key *ret_key)
{
    struct stek_keyset_head head;
    const uint64_t version = begin_at(cache, at, &head);

    if (version == 0)
        return STEK_CELL_STALE;
    const struct entry_head entry = load_entry_head(cache, head.active);
    if (head.active_seq == 0 || entry.seq != head.active_seq)
        return end_read(cache, version) ? STEK_CELL_NO_KEY : STEK_CELL_STALE;
    if (!take_key(cache, version, at, head.active, entry.place, &ret_key->key))
        return STEK_CELL_STALE;
    ret_key->accept_until = entry.accept_until;
    return STEK_CELL_KEY;
}

/* The number of the entry with this name, or `count`. An empty place has no name, not even one of
 * zeros. */
static uint64_t find(const struct stek_key_cache *cache, uint64_t count,
                     const uint64_t name[NAME_WORDS])
{
    for (uint64_t i = 0; i < count; i++) {
        const stek_word *words = cache->memory->entry[i];
        if (atomic_load_explicit(&words[NAME_WORD], memory_order_acquire) == name[0] &&
            atomic_load_explicit(&words[NAME_WORD + 1], memory_order_acquire) == name[1] &&
            atomic_load_explicit(&words[SEQ_WORD], memory_order_acquire) != 0)
            return i;
    }
    return count;
}

enum stek_key_cache_answer stek_key_cache_open(const struct stek_key_cache *cache,
                                               struct stek_moment at,
                                               const uint8_t name[STEK_NAME_LEN], bool single_use,
                                               enum stek_choice *ret_choice,
                                               struct stek_ticket_key *ret_key)
{
    struct stek_keyset_head head;
    uint64_t name_words[NAME_WORDS];
    const uint64_t version = begin_at(cache, at, &head);

    if (version == 0 || head.only_seals != 0)
        return STEK_CELL_STALE;
    memcpy(name_words, name, sizeof name_words);
    const uint64_t number = find(cache, head.count, name_words);
    if (number >= head.count)
        return end_read(cache, version) ? STEK_CELL_NO_KEY : STEK_CELL_STALE;
    const struct entry_head entry = load_entry_head(cache, number);
    const enum stek_choice choice =
        stek_choose_open(entry.seq, entry.accept_until, head.active_seq, single_use, at.now);
    if (choice == STEK_CHOICE_UNKNOWN)
        return end_read(cache, version) ? STEK_CELL_NO_KEY : STEK_CELL_STALE;
    if (!take_key(cache, version, at, number, entry.place, ret_key))
        return STEK_CELL_STALE;
    *ret_choice = choice;
    return STEK_CELL_KEY;
}

bool stek_key_cache_copy(const struct stek_key_cache *cache, struct stek_keyset *ret_set)
{
    const uint64_t version = begin_read(cache);

    if (version == 0)
        return false;
    stek_words_load(&ret_set->head, cache->memory->head, HEAD_WORDS);
    if (ret_set->head.count > cache->capacity)
        return false;
    for (uint64_t i = 0; i < ret_set->head.count; i++)
        stek_words_load(&ret_set->entry[i], cache->memory->entry[i], ENTRY_WORDS);
    return end_read(cache, version);
}

/* Makes the version odd; returns it, or 0 when another thread has it. */
static uint64_t claim(const struct stek_key_cache *cache)
{
    if (cache->memory == NULL)
        return 0;
    uint64_t version = atomic_load_explicit(&cache->memory->version, memory_order_relaxed);

    if ((version & 1) != 0 ||
        !atomic_compare_exchange_strong(&cache->memory->version, &version, version + 1))
        return 0;
    return version + 1;
}

static void release(const struct stek_key_cache *cache, uint64_t claimed)
{
    atomic_store_explicit(&cache->memory->version, claimed + 1, memory_order_release);
}

bool stek_key_cache_publish(const struct stek_key_cache *cache, const struct stek_keyset *set)
{
    const uint64_t claimed = set->head.count <= cache->capacity ? claim(cache) : 0;

    if (claimed == 0)
        return false;
    stek_words_store(cache->memory->head, &set->head, HEAD_WORDS);
    for (uint64_t i = 0; i < cache->capacity; i++) {
        if (i < set->head.count)
            stek_words_store(cache->memory->entry[i], &set->entry[i], ENTRY_WORDS);
        else
            stek_words_zero(cache->memory->entry[i], ENTRY_WORDS);
    }
    release(cache, claimed);
    return true;
}

bool stek_key_cache_is_new(const struct stek_key_cache *cache)
{
    return cache->memory != NULL &&
           atomic_load_explicit(&cache->memory->version, memory_order_relaxed) == 0;
}

bool stek_key_cache_publish_first(const struct stek_key_cache *cache,
                                  const struct stek_keyset_head *head,
                                  const struct stek_keyset_entry *active)
{
    uint64_t version = 0;

    if (cache->memory == NULL || head->active >= cache->capacity ||
        !atomic_compare_exchange_strong(&cache->memory->version, &version, 1))
        return false;
    stek_words_store(cache->memory->head, head, HEAD_WORDS);
    stek_words_store(cache->memory->entry[head->active], active, ENTRY_WORDS);
    release(cache, 1);
    return true;
}

static bool still_lives(const struct stek_keyset_entry *entry, const struct stek_records *records,
                        int64_t now)
{
    for (size_t i = 0; records != NULL && i < records->count; i++)
        if (records->at[i].seq == entry->seq && records->at[i].accept_until > now)
            if (memcmp(&records->at[i].fingerprint, &entry->fingerprint,
                       sizeof entry->fingerprint) == 0)
                return true;
    return false;
}

void stek_key_cache_sweep(const struct stek_key_cache *cache, const struct stek_records *records,
                          int64_t now)
{
    static const struct stek_keyset_head stale;
    STEK_SECRET(entry) struct stek_keyset_entry entry;
    const uint64_t claimed = claim(cache);
    uint64_t count;

    if (claimed == 0)
        return;
    count = atomic_load_explicit(&cache->memory->head[offsetof(struct stek_keyset_head, count) / 8],
                                 memory_order_relaxed);
    stek_words_store(cache->memory->head, &stale,
                     HEAD_WORDS - 1); /* all but the count: what lives serves the next build */
    for (uint64_t i = 0; i < cache->capacity && i < count; i++) {
        stek_words_load(&entry, cache->memory->entry[i], ENTRY_WORDS);
        if (!still_lives(&entry, records, now))
            stek_words_zero(cache->memory->entry[i], ENTRY_WORDS);
    }
    release(cache, claimed);
}
