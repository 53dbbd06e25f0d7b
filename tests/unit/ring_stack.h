/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What calls leave of keys on a stack of their own. Keys to look for, and all that the calls work
 * on, must be in static memory or on the heap.
 */
#ifndef TESTS_UNIT_RING_STACK_H
#define TESTS_UNIT_RING_STACK_H

#include <stddef.h>
#include <stdint.h>

/* Looks for this key, too, from now on; for none. */
void stack_look_for(const uint8_t key[32]);
void stack_look_for_nothing(void);

/* Runs it in a thread of its own, and keeps a copy of what its stack holds then. */
void stack_run(void *(*run)(void *arg), void *arg);

/* Of how many keys there are 16 bytes or more in that copy. */
size_t stack_found(void);

/* While it runs: the same of what functions have left that the caller has called. */
size_t stack_found_below(void);

#endif
