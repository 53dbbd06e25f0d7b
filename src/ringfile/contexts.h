/* SPDX-License-Identifier: Apache-2.0 */
/* The contexts that this process uses of a ring, each with its cell of derived keys, found by the
 * context's bytes. */
#ifndef STEK_RINGFILE_CONTEXTS_H
#define STEK_RINGFILE_CONTEXTS_H

#include "ringfile/arena.h"
#include "ringfile/keycell.h"

/* A ring's keys in one context. Lives as long as the ring; shared by all SSL_CTXs of that context.
 */
struct stek_keys {
    struct stek_keys *next;
    struct stek_context context;
    struct stek_keycell cell; /* without memory, keys are derived anew for each ticket */
    _Atomic(struct stek_keycell *)
        bigger; /* takes its place when a ring's policy has outgrown it; NULL: not yet */
};

/* The cell to use. Thread-safe. */
static inline const struct stek_keycell *stek_keys_cell(const struct stek_keys *keys)
{
    const struct stek_keycell *bigger = atomic_load_explicit(&keys->bigger, memory_order_acquire);

    return bigger != NULL ? bigger : &keys->cell;
}

enum { STEK_CONTEXT_BUCKETS = 256 };

struct stek_contexts {
    _Atomic(struct stek_keys *) bucket[STEK_CONTEXT_BUCKETS];
    struct stek_arena *arena; /* of the ring: cells are cut from it */
    uint64_t cell_capacity;
};

void stek_contexts_init(struct stek_contexts *contexts, const struct stek_policy *policy,
                        struct stek_arena *arena);

/* The keys of a context that is known already, or NULL. Takes no lock; thread-safe. */
struct stek_keys *stek_contexts_find(struct stek_contexts *contexts,
                                     const struct stek_context *context);

/* Adds a context. The caller has made sure that no other thread does. NULL: no memory. */
struct stek_keys *stek_contexts_add(struct stek_contexts *contexts,
                                    const struct stek_context *context);

/*
 * Gives a context a cell for as many records as a ring can hold, if there is memory. The caller has
 * made sure that no other thread does.
 */
void stek_contexts_grow(struct stek_contexts *contexts, struct stek_keys *keys);

/* Sweeps every cell: see stek_keycell_sweep(). Thread-safe. */
void stek_contexts_sweep(struct stek_contexts *contexts, const struct stek_records *records,
                         int64_t now);

/* Gives up all cells, when their memory cannot be locked any more. No other thread may be there. */
void stek_contexts_give_up_cells(struct stek_contexts *contexts);

/* Frees what is not in the arena. Nobody may be using it. */
void stek_contexts_fini(struct stek_contexts *contexts);

#endif
