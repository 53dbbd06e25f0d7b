/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled in before src/early/register.c: a test can act between the look at a word and the
 * compare-and-swap that changes it. */
#ifndef TESTS_UNIT_EARLY_SWAP_PAUSE_H
#define TESTS_UNIT_EARLY_SWAP_PAUSE_H

#include <stdatomic.h>

/* NULL: no pause. */
extern void (*swap_pause)(void);

static inline void swap_pause_now(void)
{
    if (swap_pause != 0)
        swap_pause();
}

#undef atomic_compare_exchange_weak_explicit
#define atomic_compare_exchange_weak_explicit(at, seen, wanted, yes, no)                           \
    (swap_pause_now(), atomic_compare_exchange_strong((at), (seen), (wanted)))

#endif
