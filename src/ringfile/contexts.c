/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/contexts.h"

#include "core/policy.h"
#include "ringfile/locked.h"

#include <stdlib.h>

enum { CHUNK_LEN = 64 * 1024 };

void stek_contexts_init(struct stek_contexts *contexts, const struct stek_policy *policy)
{
    int64_t needed = policy->accept_s / policy->rotate_s + policy->ahead + 4;

    *contexts = (struct stek_contexts){.chunks = NULL};
    contexts->cell_capacity = needed < STEK_RECORDS_MAX ? (uint64_t)needed : STEK_RECORDS_MAX;
}

/* FNV-1a: contexts are digests or an operator's own labels, so nobody can aim at one bucket. */
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

struct stek_keys *stek_contexts_find(struct stek_contexts *contexts, const struct stek_context *context)
{
    struct stek_keys *keys = atomic_load_explicit(&contexts->bucket[bucket_of(context)], memory_order_acquire);

    while (keys != NULL && !same_context(&keys->context, context))
        keys = keys->next;
    return keys;
}

static struct stek_chunk *add_chunk(struct stek_contexts *contexts)
{
    struct stek_chunk *chunk = malloc(sizeof *chunk);
    void *at;

    if (chunk == NULL || stek_locked_map(CHUNK_LEN, STEK_WIPED_ON_FORK, &at) != STEK_OK) {
        free(chunk);
        return NULL;
    }
    *chunk = (struct stek_chunk){contexts->chunks, at, 0};
    contexts->chunks = chunk;
    return chunk;
}

static struct stek_cell_memory *add_cell(struct stek_contexts *contexts)
{
    const size_t len = stek_keycell_size(contexts->cell_capacity);
    struct stek_chunk *chunk = contexts->chunks;

    if (chunk == NULL || chunk->used + len > CHUNK_LEN)
        chunk = add_chunk(contexts);
    if (chunk == NULL)
        return NULL;
    struct stek_cell_memory *memory = (struct stek_cell_memory *)(void *)(chunk->at + chunk->used);
    chunk->used += len;
    return memory;
}

struct stek_keys *stek_contexts_add(struct stek_contexts *contexts, const struct stek_context *context)
{
    _Atomic(struct stek_keys *) *bucket = &contexts->bucket[bucket_of(context)];
    struct stek_keys *keys = malloc(sizeof *keys);

    if (keys == NULL)
        return NULL;
    *keys = (struct stek_keys){.next = atomic_load_explicit(bucket, memory_order_relaxed),
                               .context = *context,
                               .cell = {add_cell(contexts), contexts->cell_capacity}};
    atomic_store_explicit(bucket, keys, memory_order_release);
    return keys;
}

void stek_contexts_sweep(struct stek_contexts *contexts, const struct stek_records *records, int64_t now)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++) {
        const struct stek_keys *keys = atomic_load_explicit(&contexts->bucket[i], memory_order_acquire);
        for (; keys != NULL; keys = keys->next)
            stek_keycell_sweep(&keys->cell, records, now);
    }
}

static void give_up_cells(struct stek_contexts *contexts)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++)
        for (struct stek_keys *keys = contexts->bucket[i]; keys != NULL; keys = keys->next)
            keys->cell.memory = NULL;
}

void stek_contexts_after_fork(struct stek_contexts *contexts)
{
    for (struct stek_chunk *chunk = contexts->chunks; chunk != NULL; chunk = chunk->next)
        if (!stek_locked_renew(chunk->at, CHUNK_LEN))
            give_up_cells(contexts);
}

static void free_chunks(struct stek_chunk *chunk)
{
    while (chunk != NULL) {
        struct stek_chunk *next = chunk->next;
        stek_wipe(chunk->at, CHUNK_LEN);
        stek_locked_unmap(chunk->at, CHUNK_LEN);
        free(chunk);
        chunk = next;
    }
}

void stek_contexts_fini(struct stek_contexts *contexts)
{
    for (size_t i = 0; i < STEK_CONTEXT_BUCKETS; i++) {
        struct stek_keys *keys = contexts->bucket[i];
        while (keys != NULL) {
            struct stek_keys *next = keys->next;
            free(keys);
            keys = next;
        }
    }
    free_chunks(contexts->chunks);
}
