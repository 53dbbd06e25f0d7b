/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that derive at the same time: what is prepared for a derivation is never two threads'. */
#include "crypto/hkdf.h"

#include "unit.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 2000, OUT_LEN = 80 };

/* Two salts, so that what is prepared for one is found by the other, too. */
struct work {
    uint8_t salt;
    uint8_t ikm[32];
    uint8_t expected[OUT_LEN];
    unsigned wrong;
};

static void derive(const struct work *work, uint8_t ret_out[OUT_LEN])
{
    const struct stek_hkdf_bytes salt = {&work->salt, 1};
    const struct stek_hkdf_bytes ikm = {work->ikm, sizeof work->ikm};

    if (stek_hkdf_derive(salt, ikm, ikm, ret_out, OUT_LEN) != STEK_OK)
        memset(ret_out, 0, OUT_LEN);
}

static void *derive_often(void *arg)
{
    struct work *work = arg;
    uint8_t out[OUT_LEN];

    for (unsigned round = 0; round < ROUNDS; round++) {
        derive(work, out);
        work->wrong += memcmp(out, work->expected, OUT_LEN) != 0;
    }
    return NULL;
}

/* From the two steps by themselves. */
static void expect(struct work *work)
{
    uint8_t prk[STEK_HKDF_PRK_LEN];

    assert_int_equal(stek_hkdf_extract(&work->salt, 1, work->ikm, sizeof work->ikm, prk), STEK_OK);
    assert_int_equal(
        stek_hkdf_expand(prk, work->ikm, sizeof work->ikm, work->expected, sizeof work->expected),
        STEK_OK);
}

static void each_of_several_threads_gets_what_its_own_secret_gives(void **state)
{
    struct work work[THREADS] = {0};
    pthread_t threads[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        work[i].salt = (uint8_t)(1 + i / 2);
        memset(work[i].ikm, (int)i + 1, sizeof work[i].ikm);
        expect(&work[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, derive_often, &work[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(work[i].wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_several_threads_gets_what_its_own_secret_gives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
