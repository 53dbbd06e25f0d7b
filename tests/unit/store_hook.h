/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before everything in an instrumented build of the image (gcc -include): calls
 * store_hook() before each store to memory that processes share, so that a test can end its process
 * just there.
 */
#ifndef TESTS_UNIT_STORE_HOOK_H
#define TESTS_UNIT_STORE_HOOK_H

#include <stdatomic.h>
#include <stdint.h>

void store_hook(void);

static inline void store_after_hook(_Atomic uint64_t *at, uint64_t value)
{
    store_hook();
    atomic_store_explicit(at, value, memory_order_seq_cst);
}

#undef atomic_store_explicit
#define atomic_store_explicit(at, value, order) store_after_hook(at, value)
#undef atomic_store
#define atomic_store(at, value) store_after_hook(at, value)

#endif
