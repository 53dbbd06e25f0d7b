/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contexts that this process uses of a ring, each with its cache of derived keys, found by the
 * context's bytes.
 *
 * A context is held by each SSL_CTX that uses it. A reader of a cache has such a reference, through
 * the SSL_CTX or an SSL that it made. So a cache is given back, and serves another context, only
 * when no thread can be reading it. A context that loses its last hold stays for a while, among the
 * latest few: a program that makes an SSL_CTX for each connection must not derive all keys for
 * each.
 *
 * All calls but stek_keys_cache() are made under stek_process_lock(): the lists do not change while
 * they are read, and a fork never sees them half changed.
 */
#ifndef STEK_RINGFILE_CONTEXTS_H
#define STEK_RINGFILE_CONTEXTS_H

#include "ringfile/arena.h"
#include "ringfile/key_cache.h"

/* A ring's keys in one context; shared by all SSL_CTXs of that context. */
struct stek_keys {
    struct stek_keys *next;    /* in its bucket */
    struct stek_keys *earlier; /* among the unused */
    struct stek_keys *later;
    uint64_t holds;
    struct stek_context context;
    struct stek_key_cache cache; /* without memory, keys are derived for each ticket */
    _Atomic(struct stek_key_cache *)
        bigger; /* takes its place when a ring's policy has outgrown it; NULL: not yet */
};

/* The cache to use. For a holder of the keys. */
static inline const struct stek_key_cache *stek_keys_cache(const struct stek_keys *keys)
{
    const struct stek_key_cache *bigger = atomic_load_explicit(&keys->bigger, memory_order_acquire);

    return bigger != NULL ? bigger : &keys->cache;
}

enum { STEK_CONTEXT_BUCKETS = 256, STEK_CONTEXTS_UNUSED_MAX = 32 };

struct stek_contexts {
    struct stek_keys *bucket[STEK_CONTEXT_BUCKETS];
    struct stek_keys *earliest_unused; /* the first to be given back */
    struct stek_keys *latest_unused;
    size_t unused;
    struct stek_arena *arena; /* of the ring: caches are cut from it */
    uint64_t cache_capacity;
};

void stek_contexts_init(struct stek_contexts *contexts, const struct stek_policy *policy,
                        struct stek_arena *arena);

/* The keys of a context, with one more hold, or NULL when it is not known. */
struct stek_keys *stek_contexts_find(struct stek_contexts *contexts,
                                     const struct stek_context *context);

/* Adds a context that is not known yet, with one hold. NULL: no memory. */
struct stek_keys *stek_contexts_add(struct stek_contexts *contexts,
                                    const struct stek_context *context);

/* Takes a hold back. With the last one, keys that have been unused for longer may be given back. */
void stek_contexts_release(struct stek_contexts *contexts, struct stek_keys *keys);

/* Gives a context a cache for as many records as a ring can hold, if there is memory. */
void stek_contexts_grow(struct stek_contexts *contexts, struct stek_keys *keys);

/* Sweeps every cache: see stek_key_cache_sweep(). */
void stek_contexts_sweep(struct stek_contexts *contexts, const struct stek_records *records,
                         int64_t now);

/* Gives up all caches, when their memory cannot be locked any more. No other thread may be there.
 */
void stek_contexts_give_up_caches(struct stek_contexts *contexts);

/* Frees what is not in the arena. It must not be in use. */
void stek_contexts_fini(struct stek_contexts *contexts);

#endif
