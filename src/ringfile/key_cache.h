/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keyset in locked memory, which all threads of the process read without a lock.
 *
 * A cache has a version: odd while somebody writes, 0 when it is empty (fresh, or a child after
 * fork). A reader copies what it needs and then looks whether the version is still the same; a
 * writer claims the cache by making the version odd, or goes without. No thread waits: one that
 * cannot use the cache works with a keyset of its own on the heap.
 *
 * The keys in it are covered by masks that are in the ring's image only (keyset.h): a reader
 * takes the mask from there, and then looks whether the image's generation is still that of the
 * cache.
 */
#ifndef STEK_RINGFILE_KEY_CACHE_H
#define STEK_RINGFILE_KEY_CACHE_H

#include "ringfile/keyset.h"
#include "core/words.h"

struct stek_key_cache_memory {
    stek_word version;
    stek_word head[STEK_WORDS(struct stek_keyset_head)];
    stek_word entry[][STEK_WORDS(struct stek_keyset_entry)];
};

struct stek_key_cache {
    struct stek_key_cache_memory
        *memory;       /* locked; NULL: there was none to be had, and the cache is always stale */
    uint64_t capacity; /* entries */
};

/* What a reader knows of the ring, and where it finds the masks of its records. */
struct stek_moment {
    uint64_t generation;
    int64_t now;
    const struct stek_image *image;
};

enum stek_key_cache_answer {
    STEK_CELL_STALE, /* empty, from another generation or time, being written, or the ring changes
                        just now */
    STEK_CELL_NO_KEY,
    STEK_CELL_KEY
};

static inline size_t stek_key_cache_size(uint64_t capacity)
{
    return sizeof(struct stek_key_cache_memory) +
           (size_t)capacity * sizeof(struct stek_keyset_entry);
}

/* The hot path of sealing. Thread-safe, never waits. */
enum stek_key_cache_answer stek_key_cache_seal(const struct stek_key_cache *cache,
                                               struct stek_moment at,
                                               struct stek_seal_key *ret_key);

/* The hot path of opening: with STEK_CELL_KEY, *ret_choice and *ret_key are set. Thread-safe, never
 * waits. */
enum stek_key_cache_answer stek_key_cache_open(const struct stek_key_cache *cache,
                                               struct stek_moment at,
                                               const uint8_t name[STEK_NAME_LEN], bool single_use,
                                               enum stek_choice *ret_choice,
                                               struct stek_ticket_key *ret_key);

/* Copies the whole keyset, stale or not. Returns false when it is empty or being written. */
bool stek_key_cache_copy(const struct stek_key_cache *cache, struct stek_keyset *ret_set);

/* Puts a keyset in; returns false when it does not fit or another thread is writing. */
bool stek_key_cache_publish(const struct stek_key_cache *cache, const struct stek_keyset *set);

/* Whether nothing was ever put in. */
bool stek_key_cache_is_new(const struct stek_key_cache *cache);

/* Puts the entry of the active record into a cache in which nothing was yet, so that all other
 * entries are zeros; returns false when it does not fit or somebody was first. */
bool stek_key_cache_publish_first(const struct stek_key_cache *cache,
                                  const struct stek_keyset_head *head,
                                  const struct stek_keyset_entry *active);

/*
 * Destroys the keys of all records that are not among `records` (NULL: of all) or are retired at
 * `now`, and makes the rest stale. Nothing happens when another thread is writing: it looks after
 * itself.
 */
void stek_key_cache_sweep(const struct stek_key_cache *cache, const struct stek_records *records,
                          int64_t now);

#endif
