/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locked memory that a child after fork finds empty, cut into pieces. A returned piece is used
 * again, and a chunk without used pieces is returned to the system.
 *
 * All calls but the last two: the caller has made sure that no other thread is in one of them.
 */
#ifndef STEK_RINGFILE_ARENA_H
#define STEK_RINGFILE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_CHUNK_LEN = 64 * 1024,
    STEK_GRANULE_LEN = 64,
    STEK_CHUNK_GRANULES = STEK_CHUNK_LEN / STEK_GRANULE_LEN
};

struct stek_chunk {
    struct stek_chunk *next;
    uint8_t *at;
    size_t used;                            /* granules */
    uint8_t taken[STEK_CHUNK_GRANULES / 8]; /* a bit for each granule; not in the chunk, which a
                                               fork empties */
};

struct stek_arena {
    struct stek_chunk *chunks;
};

/*
 * Cuts `len` zero bytes, a multiple of 64 that fits in 64 KiB, at an address that is one too. NULL:
 * no memory can be locked.
 */
void *stek_arena_cut(struct stek_arena *arena, size_t len);

/* Wipes a piece of this length and takes it back. It must not be in use. */
void stek_arena_give_back(struct stek_arena *arena, void *piece, size_t len);

/*
 * In a child after fork: locks the memory again, by mlock(2) if there is no filter of system calls.
 * False: some is not locked, and not reused.
 */
bool stek_arena_after_fork(struct stek_arena *arena, bool no_filter);

/* Wipes and unmaps everything. */
void stek_arena_fini(struct stek_arena *arena);

#endif
