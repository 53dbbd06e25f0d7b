/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for tests that try many cases: the same seed gives the same cases on every machine. */
#ifndef TESTS_UNIT_PRNG_H
#define TESTS_UNIT_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/wipe.h"

struct prng {
    uint64_t state;
};

/* The seed of this run: STEK_TEST_SEED of the environment, or one that differs each time. Printed
 * when first asked. */
uint64_t prng_run_seed(void);

uint64_t prng_next(struct prng *prng);

/* From `least` to `most`, both included. */
int64_t prng_between(struct prng *prng, int64_t least, int64_t most);

/* From 1 to `most`, small ones as often as large ones: each number of bits is equally likely. */
int64_t prng_scale(struct prng *prng, int64_t most);

bool prng_one_in(struct prng *prng, int64_t n);

void prng_bytes(struct prng *prng, uint8_t *ret_bytes, size_t len);

struct stek_secret32 prng_secret(struct prng *prng);

#endif
