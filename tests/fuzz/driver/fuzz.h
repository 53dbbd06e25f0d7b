/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target offers, and how it takes numbers off its input. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Called once for each input, by libFuzzer or by replay_main.c. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input; unlike assert() it is never compiled away. */
#define FUZZ_MUST(condition)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* The next `len` (at most 8) bytes as a little-endian number; bytes that are not there are zeros.
 */
static inline uint64_t fuzz_take(struct fuzz_input *input, unsigned len)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < len && input->left > 0; i++, input->left--)
        number |= (uint64_t)*input->at++ << (8 * i);
    return number;
}

#endif
