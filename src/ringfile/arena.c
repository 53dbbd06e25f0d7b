/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/arena.h"

#include "crypto/wipe.h"
#include "ringfile/locked.h"

#include <stdlib.h>

enum { CHUNK_LEN = 64 * 1024 };

static struct stek_chunk *add_chunk(struct stek_arena *arena)
{
    struct stek_chunk *chunk = malloc(sizeof *chunk);
    void *at;

    if (chunk == NULL || stek_locked_map(CHUNK_LEN, STEK_WIPED_ON_FORK, &at) != STEK_OK) {
        free(chunk);
        return NULL;
    }
    *chunk = (struct stek_chunk){arena->chunks, at, 0};
    arena->chunks = chunk;
    return chunk;
}

void *stek_arena_cut(struct stek_arena *arena, size_t len)
{
    struct stek_chunk *chunk = arena->chunks;

    if (chunk == NULL || chunk->used + len > CHUNK_LEN)
        chunk = add_chunk(arena);
    if (chunk == NULL)
        return NULL;
    chunk->used += len;
    return chunk->at + chunk->used - len;
}

bool stek_arena_after_fork(struct stek_arena *arena)
{
    bool locked = true;

    for (struct stek_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (stek_locked_renew(chunk->at, CHUNK_LEN))
            continue;
        chunk->used = CHUNK_LEN; /* nothing more is cut from it */
        locked = false;
    }
    return locked;
}

void stek_arena_fini(struct stek_arena *arena)
{
    while (arena->chunks != NULL) {
        struct stek_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        stek_wipe(chunk->at, CHUNK_LEN);
        stek_locked_unmap(chunk->at, CHUNK_LEN);
        free(chunk);
    }
}
