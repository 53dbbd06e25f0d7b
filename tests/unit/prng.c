/* SPDX-License-Identifier: Apache-2.0 */
#include "prng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t prng_run_seed(void)
{
    static bool known;
    static uint64_t seed;

    if (!known) {
        const char *text = getenv("STEK_TEST_SEED");
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        seed = text != NULL ? strtoull(text, NULL, 0)
                            : (uint64_t)now.tv_sec * 1000003 ^ (uint64_t)now.tv_nsec;
        printf("# STEK_TEST_SEED=%" PRIu64 "\n", seed);
        fflush(stdout);
        known = true;
    }
    return seed;
}

/* SplitMix64. */
uint64_t prng_next(struct prng *prng)
{
    uint64_t z = prng->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int64_t prng_between(struct prng *prng, int64_t least, int64_t most)
{
    return least + (int64_t)(prng_next(prng) % ((uint64_t)(most - least) + 1));
}

int64_t prng_scale(struct prng *prng, int64_t most)
{
    int64_t bits = 0;

    while (bits < 62 && most >> (bits + 1) != 0)
        bits++;
    const int64_t least = (int64_t)1 << prng_between(prng, 0, bits);
    return prng_between(prng, least, 2 * least - 1 < most ? 2 * least - 1 : most);
}

bool prng_one_in(struct prng *prng, int64_t n)
{
    return prng_between(prng, 1, n) == 1;
}

void prng_bytes(struct prng *prng, uint8_t *ret_bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(prng_next(prng) >> 32);
}

struct stek_secret32 prng_secret(struct prng *prng)
{
    struct stek_secret32 secret = {{0}};

    prng_bytes(prng, secret.bytes, sizeof secret.bytes);
    return secret;
}
