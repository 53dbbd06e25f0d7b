/* SPDX-License-Identifier: Apache-2.0 */
/* The contexts that this process uses of a ring, each with its cell of derived keys, found by the context's bytes. */
#ifndef STEK_RINGFILE_CONTEXTS_H
#define STEK_RINGFILE_CONTEXTS_H

#include "ringfile/keycell.h"

/* A ring's keys in one context. Lives as long as the ring; shared by all SSL_CTXs of that context. */
struct stek_keys {
    struct stek_keys *next;
    struct stek_context context;
    struct stek_keycell cell; /* without memory, keys are derived anew for each ticket */
};

enum { STEK_CONTEXT_BUCKETS = 256 };

/* Locked memory, from which cells are cut. Never shrinks while the ring lives. */
struct stek_chunk {
    struct stek_chunk *next;
    uint8_t *at;
    size_t used;
};

struct stek_contexts {
    _Atomic(struct stek_keys *) bucket[STEK_CONTEXT_BUCKETS];
    struct stek_chunk *chunks;
    uint64_t cell_capacity;
};

void stek_contexts_init(struct stek_contexts *contexts, const struct stek_policy *policy);

/* The keys of a context that is known already, or NULL. Takes no lock; thread-safe. */
struct stek_keys *stek_contexts_find(struct stek_contexts *contexts, const struct stek_context *context);

/* Adds a context. The caller has made sure that no other thread does. NULL: no memory. */
struct stek_keys *stek_contexts_add(struct stek_contexts *contexts, const struct stek_context *context);

/* Sweeps every cell: see stek_keycell_sweep(). Thread-safe. */
void stek_contexts_sweep(struct stek_contexts *contexts, const struct stek_records *records, int64_t now);

/* In a child after fork: locks the memory again; if that is refused, cells are given up. */
void stek_contexts_after_fork(struct stek_contexts *contexts);

/* Wipes and unmaps everything. Nobody may be using it. */
void stek_contexts_fini(struct stek_contexts *contexts);

#endif
