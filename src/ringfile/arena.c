/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/arena.h"

#include "crypto/wipe.h"
#include "ringfile/locked.h"

#include <stdlib.h>
#include <string.h>

static bool is_taken(const struct stek_chunk *chunk, size_t granule)
{
    return (chunk->taken[granule / 8] >> granule % 8 & 1) != 0;
}

static void mark(struct stek_chunk *chunk, size_t first, size_t count, bool taken)
{
    for (size_t i = first; i < first + count; i++) {
        const uint8_t bit = (uint8_t)(1U << i % 8);
        chunk->taken[i / 8] =
            (uint8_t)(taken ? chunk->taken[i / 8] | bit : chunk->taken[i / 8] & ~bit);
    }
    chunk->used = taken ? chunk->used + count : chunk->used - count;
}

/* The first of `count` free granules in a row, or STEK_CHUNK_GRANULES. */
static size_t find_room(const struct stek_chunk *chunk, size_t count)
{
    size_t in_a_row = 0;

    if (chunk->used + count > STEK_CHUNK_GRANULES)
        return STEK_CHUNK_GRANULES;
    for (size_t i = 0; i < STEK_CHUNK_GRANULES; i++) {
        if (i % 8 == 0 && chunk->taken[i / 8] == UINT8_MAX) { /* eight at once */
            in_a_row = 0;
            i += 7;
            continue;
        }
        in_a_row = is_taken(chunk, i) ? 0 : in_a_row + 1;
        if (in_a_row == count)
            return i + 1 - count;
    }
    return STEK_CHUNK_GRANULES;
}

static struct stek_chunk *add_chunk(struct stek_arena *arena)
{
    struct stek_chunk *chunk = calloc(1, sizeof *chunk);
    void *at;

    if (chunk == NULL || stek_locked_map(STEK_CHUNK_LEN, STEK_WIPED_ON_FORK, &at) != STEK_OK) {
        free(chunk);
        return NULL;
    }
    chunk->next = arena->chunks;
    chunk->at = at;
    arena->chunks = chunk;
    return chunk;
}

void *stek_arena_cut(struct stek_arena *arena, size_t len)
{
    const size_t count = len / STEK_GRANULE_LEN;
    struct stek_chunk *chunk = arena->chunks;
    size_t first = STEK_CHUNK_GRANULES;

    while (chunk != NULL && (first = find_room(chunk, count)) == STEK_CHUNK_GRANULES)
        chunk = chunk->next;
    if (chunk == NULL) {
        chunk = add_chunk(arena);
        first = 0;
    }
    if (chunk == NULL)
        return NULL;
    mark(chunk, first, count, true);
    return chunk->at + first * STEK_GRANULE_LEN;
}

static bool another_is_empty(const struct stek_arena *arena, const struct stek_chunk *but)
{
    for (const struct stek_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next)
        if (chunk != but && chunk->used == 0)
            return true;
    return false;
}

/* One empty chunk stays, for a program that makes a context and gives it back in turn. */
static void drop_if_empty(struct stek_arena *arena, struct stek_chunk **link)
{
    struct stek_chunk *chunk = *link;

    if (chunk->used != 0 || !another_is_empty(arena, chunk))
        return;
    *link = chunk->next;
    stek_locked_unmap(chunk->at, STEK_CHUNK_LEN);
    free(chunk);
}

void stek_arena_give_back(struct stek_arena *arena, void *piece, size_t len)
{
    const uintptr_t address = (uintptr_t)piece;

    stek_wipe(piece, len);
    for (struct stek_chunk **link = &arena->chunks; *link != NULL; link = &(*link)->next) {
        const uintptr_t begin = (uintptr_t)(*link)->at;
        if (address < begin || address >= begin + STEK_CHUNK_LEN)
            continue;
        mark(*link, (address - begin) / STEK_GRANULE_LEN, len / STEK_GRANULE_LEN, false);
        drop_if_empty(arena, link);
        return;
    }
}

bool stek_arena_after_fork(struct stek_arena *arena, bool no_filter)
{
    bool locked = true;

    for (struct stek_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        if (no_filter ? stek_locked_renew(chunk->at, STEK_CHUNK_LEN)
                      : stek_locked_replace(chunk->at, STEK_CHUNK_LEN))
            continue;
        memset(chunk->taken, 0xff, sizeof chunk->taken);
        chunk->used = STEK_CHUNK_GRANULES;
        locked = false;
    }
    return locked;
}

void stek_arena_fini(struct stek_arena *arena)
{
    while (arena->chunks != NULL) {
        struct stek_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        stek_wipe(chunk->at, STEK_CHUNK_LEN);
        stek_locked_unmap(chunk->at, STEK_CHUNK_LEN);
        free(chunk);
    }
}
