/* SPDX-License-Identifier: Apache-2.0 */
/* Locked memory that a child after fork finds empty, cut into pieces that live as long as the ring.
 */
#ifndef STEK_RINGFILE_ARENA_H
#define STEK_RINGFILE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stek_chunk {
    struct stek_chunk *next;
    uint8_t *at;
    size_t used;
};

struct stek_arena {
    struct stek_chunk *chunks;
};

/*
 * Cuts `len` zero bytes, a multiple of 64 that fits in 64 KiB, at an address that is one too. NULL:
 * no memory that can be locked is to be had. The caller has made sure that no other thread cuts.
 */
void *stek_arena_cut(struct stek_arena *arena, size_t len);

/* In a child after fork: locks the memory again. Returns whether all of it is locked. */
bool stek_arena_after_fork(struct stek_arena *arena);

/* Wipes and unmaps everything. */
void stek_arena_fini(struct stek_arena *arena);

#endif
