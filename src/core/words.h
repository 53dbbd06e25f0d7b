/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies between plain structs and memory that others write at the same time, word by word. Loads
 * acquire and stores release, so that a counter that is read after the words, or written before
 * them, tells truly whether they changed in between; on x86 that costs nothing over plain moves,
 * and it needs no fences.
 */
#ifndef STEK_RINGFILE_WORDS_H
#define STEK_RINGFILE_WORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef _Atomic uint64_t stek_word;

/* The number of words of a struct, whose size must be a multiple of 8. */
#define STEK_WORDS(type) (sizeof(type) / sizeof(uint64_t))

static inline void stek_words_load(void *to, const stek_word *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        const uint64_t word = atomic_load_explicit(&from[i], memory_order_acquire);
        memcpy((uint8_t *)to + i * sizeof word, &word, sizeof word);
    }
}

static inline void stek_words_store(stek_word *to, const void *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)from + i * sizeof word, sizeof word);
        atomic_store_explicit(&to[i], word, memory_order_release);
    }
}

/* In a time that does not tell where they differ. */
static inline bool stek_words_equal(const stek_word *at, const void *other, size_t words)
{
    uint64_t differs = 0;

    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, (const uint8_t *)other + i * sizeof word, sizeof word);
        differs |= word ^ atomic_load_explicit(&at[i], memory_order_relaxed);
    }
    return differs == 0;
}

static inline void stek_words_zero(stek_word *at, size_t words)
{
    for (size_t i = 0; i < words; i++)
        atomic_store_explicit(&at[i], 0, memory_order_release);
}

#endif
