/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/contexts.h"

#include "core/policy.h"

#include <stdlib.h>

void stek_contexts_init(struct stek_contexts *contexts, const struct stek_policy *policy,
                        struct stek_arena *arena)
{
    int64_t needed = policy->accept_s / policy->rotate_s + policy->ahead + 4;

    *contexts = (struct stek_contexts){.arena = arena};
    contexts->cache_capacity = needed < STEK_RECORDS_MAX ? (uint64_t)needed : STEK_RECORDS_MAX;
}

/*
 * FNV-1a: contexts are digests or an operator's own labels, so an attacker cannot aim at one
 * bucket.
 */
static size_t bucket_of(const struct stek_context *context)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < context->len; i++)
        hash = (hash ^ context->bytes[i]) * 16777619U;
    return (hash ^ hash >> 16) % STEK_CONTEXT_BUCKETS;
}

static bool same_context(const struct stek_context *a, const struct stek_context *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Among the unused they stand in the order in which they lost their last holds. */
static void enter_unused(struct stek_contexts *contexts, struct stek_keys *keys)
{
    keys->earlier = contexts->latest_unused;
    keys->later = NULL;
    if (keys->earlier != NULL)
        keys->earlier->later = keys;
    else
        contexts->earliest_unused = keys;
    contexts->latest_unused = keys;
    contexts->unused++;
}

static void leave_unused(struct stek_contexts *contexts, const struct stek_keys *keys)
{
    if (keys->earlier != NULL)
        keys->earlier->later = keys->later;
    else
        contexts->earliest_unused = keys->later;
    if (keys->later != NULL)
        keys->later->earlier = keys->earlier;
    else
        contexts->latest_unused = keys->earlier;
    contexts->unused--;
}

struct stek_keys *stek_contexts_find(struct stek_contexts *contexts,
                                     const struct stek_context *context)
{
    struct stek_keys *keys = contexts->bucket[bucket_of(context)];

    while (keys != NULL && !same_context(&keys->context, context))
        keys = keys->next;
    if (keys != NULL && keys->holds++ == 0)
        leave_unused(contexts, keys);
    return keys;
}

static size_t cache_len(uint64_t capacity)
{
    return (stek_key_cache_size(capacity) + STEK_GRANULE_LEN - 1) & ~(size_t)(STEK_GRANULE_LEN - 1);
}

static struct stek_key_cache cut_cache(struct stek_contexts *contexts, uint64_t capacity)
{
    return (struct stek_key_cache){stek_arena_cut(contexts->arena, cache_len(capacity)), capacity};
}

static void give_back_cache(struct stek_contexts *contexts, const struct stek_key_cache *cache)
{
    if (cache->memory != NULL)
        stek_arena_give_back(contexts->arena, cache->memory, cache_len(cache->capacity));
}

struct stek_keys *stek_contexts_add(struct stek_contexts *contexts,
                                    const struct stek_context *context)
{
    struct stek_keys **bucket = &contexts->bucket[bucket_of(context)];
    struct stek_keys *keys = malloc(sizeof *keys);

    if (keys == NULL)
        return NULL;
    *keys = (struct stek_keys){.next = *bucket,
                               .holds = 1,
                               .context = *context,
                               .cache = cut_cache(contexts, contexts->cache_capacity)};
    *bucket = keys;
    return keys;
}

static void give_back(struct stek_contexts *contexts, struct stek_keys *keys)
{
    struct stek_keys **link = &contexts->bucket[bucket_of(&keys->context)];

    while (*link != keys)
        link = &(*link)->next;
    *link = keys->next;
    leave_unused(contexts, keys);
    give_back_cache(contexts, &keys->cache);
    if (keys->bigger != NULL)
        give_back_cache(contexts, keys->bigger);
    free(keys->bigger);
    free(keys);
}

void stek_contexts_release(struct stek_contexts *contexts, struct stek_keys *keys)
{
    if (--keys->holds != 0)
        return;
    enter_unused(contexts, keys);
    if (contexts->unused > STEK_CONTEXTS_UNUSED_MAX)
        give_back(contexts, contexts->earliest_unused);
}

void stek_contexts_grow(struct stek_contexts *contexts, struct stek_keys *keys)
{
    if (keys->cache.memory == NULL ||
        atomic_load_explicit(&keys->bigger, memory_order_relaxed) != NULL)
        return;
    struct stek_key_cache *bigger = malloc(sizeof *bigger);
    if (bigger == NULL)
        return;
    *bigger = cut_cache(contexts, STEK_RECORDS_MAX);
    if (bigger->memory == NULL) {
        free(bigger);
        return;
    }
    atomic_store_explicit(&keys->bigger, bigger, memory_order_release);
    stek_key_cache_sweep(&keys->cache, NULL, 0);
}

static void sweep_keys(const struct stek_keys *keys, const struct stek_records *records,
                       int64_t now)
{
    const struct stek_key_cache *cache = stek_keys_cache(keys);

    stek_key_cache_sweep(cache, records, now);
    if (cache != &keys->cache) /* a late writer may have put something in */
        stek_key_cache_sweep(&keys->cache, records, now);
}

void stek_contexts_sweep(struct stek_contexts *contexts, const struct stek_records *records,
                         int64_t now)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++)
        for (const struct stek_keys *keys = contexts->bucket[i]; keys != NULL; keys = keys->next)
            sweep_keys(keys, records, now);
}

void stek_contexts_give_up_caches(struct stek_contexts *contexts)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++)
        for (struct stek_keys *keys = contexts->bucket[i]; keys != NULL; keys = keys->next) {
            keys->cache.memory = NULL;
            if (keys->bigger != NULL)
                ((struct stek_key_cache *)keys->bigger)->memory = NULL;
        }
}

void stek_contexts_fini(struct stek_contexts *contexts)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++) {
        struct stek_keys *keys = contexts->bucket[i];
        while (keys != NULL) {
            struct stek_keys *next = keys->next;
            free(keys->bigger);
            free(keys);
            keys = next;
        }
    }
}
