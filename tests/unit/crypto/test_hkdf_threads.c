/* SPDX-License-Identifier: Apache-2.0 */
/* What is prepared for a derivation is never two threads', and nobody's when its last user goes. */
#include "crypto/hkdf.h"

#include "unit.h"

#include <openssl/crypto.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 2000, OUT_LEN = 80 };

static atomic_long blocks; /* that libcrypto has */

static void *counted_malloc(size_t len, const char *file, int line)
{
    void *block = len != 0 ? malloc(len) : NULL;

    (void)file, (void)line;
    blocks += block != NULL;
    return block;
}

static void counted_free(void *block, const char *file, int line)
{
    (void)file, (void)line;
    blocks -= block != NULL;
    free(block);
}

static void *counted_realloc(void *block, size_t len, const char *file, int line)
{
    if (block == NULL)
        return counted_malloc(len, file, line);
    if (len != 0)
        return realloc(block, len);
    counted_free(block, file, line);
    return NULL;
}

/* Two salts, so that what is prepared for one is found by the other, too. */
struct work {
    uint8_t salt;
    bool comes_and_goes; /* as rings do */
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

    stek_hkdf_keep();
    for (unsigned round = 0; round < ROUNDS; round++) {
        derive(work, out);
        work->wrong += memcmp(out, work->expected, OUT_LEN) != 0;
        if (work->comes_and_goes) {
            stek_hkdf_keep_no_more();
            stek_hkdf_keep();
        }
    }
    stek_hkdf_keep_no_more();
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

static void run(bool come_and_go)
{
    struct work work[THREADS] = {0};
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        work[i].salt = (uint8_t)(1 + i / 2);
        work[i].comes_and_goes = come_and_go;
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

static void each_of_several_threads_gets_what_its_own_secret_gives(void **state)
{
    (void)state;
    run(false);
}

static void so_does_each_while_users_come_and_go_and_nothing_stays(void **state)
{
    (void)state;
    run(true);
    const long before = blocks;
    run(true);
    assert_int_equal(blocks, before);
}

/* libcrypto keeps for itself what the first time makes. */
static void derive_some(void)
{
    uint8_t out[OUT_LEN];
    struct work work = {.salt = 1};

    expect(&work);
    for (int i = 0; i < 3; i++) {
        derive(&work, out);
        assert_memory_equal(out, work.expected, sizeof out);
    }
}

static void keep_and_derive(void)
{
    stek_hkdf_keep();
    derive_some();
}

static void when_the_last_user_goes_libcrypto_has_all_memory_back(void **state)
{
    (void)state;
    keep_and_derive();
    stek_hkdf_keep_no_more();
    const long before = blocks;
    keep_and_derive();
    stek_hkdf_keep_no_more();
    assert_int_equal(blocks, before);
}

/* Without it, nothing would be known to be given back above. OpenSSL 1.1.1 has nothing to keep. */
static void until_then_something_is_kept(void **state)
{
#if OPENSSL_VERSION_NUMBER < 0x30000000L
    (void)state;
    skip();
#else
    (void)state;
    keep_and_derive();
    stek_hkdf_keep_no_more();
    const long before = blocks;
    keep_and_derive();
    assert_true(blocks > before);
    stek_hkdf_keep_no_more();
#endif
}

static void who_derives_without_a_word_keeps_nothing(void **state)
{
    (void)state;
    keep_and_derive();
    stek_hkdf_keep_no_more();
    const long before = blocks;
    derive_some();
    assert_int_equal(blocks, before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_the_last_user_goes_libcrypto_has_all_memory_back),
        cmocka_unit_test(until_then_something_is_kept),
        cmocka_unit_test(who_derives_without_a_word_keeps_nothing),
        cmocka_unit_test(each_of_several_threads_gets_what_its_own_secret_gives),
        cmocka_unit_test(so_does_each_while_users_come_and_go_and_nothing_stays),
    };

    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
