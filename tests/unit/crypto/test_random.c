/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_rand.h"

#include "crypto/keycheck.h"
#include "crypto/random.h"

#include <openssl/err.h>

#include <string.h>

static int restore(void **state)
{
    (void)state;
    bad_rand_restore();
    return 0;
}

static void assert_no_secret_is_made(enum bad_rand_kind kind)
{
    struct stek_secret32 secret;
    struct stek_secret32 before;

    memset(&secret, 0xee, sizeof secret);
    before = secret;
    bad_rand_install(kind);
    assert_int_equal(stek_random_secret(&secret), STEK_ERR_RANDOM);
    assert_int_equal(bad_rand_draws(), 1);
    assert_memory_equal(&secret, &before, sizeof secret);
}

static void a_generator_that_fails_makes_no_secret(void **state)
{
    (void)state;
    assert_no_secret_is_made(BAD_RAND_FAILS);
    assert_no_secret_is_made(BAD_RAND_REFUSES);
}

static void a_generator_of_zeros_makes_no_secret(void **state)
{
    (void)state;
    assert_no_secret_is_made(BAD_RAND_ZEROS);
}

static void a_generator_of_one_byte_makes_no_secret(void **state)
{
    (void)state;
    assert_no_secret_is_made(BAD_RAND_CONSTANT);
}

static void a_generator_that_counts_makes_no_secret(void **state)
{
    (void)state;
    assert_no_secret_is_made(BAD_RAND_COUNTING);
}

static void a_generator_that_gives_half_of_what_it_should_makes_no_secret(void **state)
{
    (void)state;
    assert_no_secret_is_made(BAD_RAND_SHORT);
    assert_no_secret_is_made(BAD_RAND_REPEATED);
}

static void public_bytes_need_a_generator_that_works(void **state)
{
    uint8_t bytes[16];

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    assert_int_equal(stek_random_public(bytes, sizeof bytes), STEK_ERR_RANDOM);
    bad_rand_install(BAD_RAND_REFUSES);
    assert_int_equal(stek_random_public(bytes, sizeof bytes), STEK_ERR_RANDOM);
}

static void what_went_wrong_does_not_stand_in_the_error_queue(void **state)
{
    struct stek_secret32 secret;
    uint8_t bytes[16];

    (void)state;
    ERR_clear_error();
    bad_rand_install(BAD_RAND_FAILS);
    assert_int_equal(stek_random_public(bytes, sizeof bytes), STEK_ERR_RANDOM);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(stek_random_secret(&secret), STEK_ERR_RANDOM);
    assert_int_equal(ERR_peek_error(), 0);
}

static void secrets_are_made_again_when_the_generator_recovers(void **state)
{
    struct stek_secret32 secret;

    (void)state;
    assert_no_secret_is_made(BAD_RAND_FAILS);
    bad_rand_restore();
    assert_int_equal(stek_random_secret(&secret), STEK_OK);
    assert_false(stek_key_is_weak(secret.bytes, sizeof secret.bytes));
}

static void no_two_secrets_are_the_same(void **state)
{
    struct stek_secret32 secrets[100];

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(stek_random_secret(&secrets[i]), STEK_OK);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&secrets[i], &secrets[j], sizeof *secrets);
    }
}

static void no_two_draws_of_public_bytes_are_the_same(void **state)
{
    uint8_t bytes[100][16];

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(stek_random_public(bytes[i], sizeof bytes[i]), STEK_OK);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(bytes[i], bytes[j], sizeof *bytes);
    }
}

/* As in copies of a process or of a machine, whose generators go on from one state. */
static void a_generator_that_repeats_itself_makes_no_secret_twice(void **state)
{
    struct stek_secret32 secrets[2];
    uint8_t bytes[2][1024];

    (void)state;
    bad_rand_install(BAD_RAND_STUCK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(stek_random_secret(&secrets[i]), STEK_OK);
        assert_int_equal(stek_random_public(bytes[i], sizeof bytes[i]), STEK_OK);
    }
    assert_int_equal(bad_rand_draws(), 4);
    assert_memory_not_equal(&secrets[0], &secrets[1], sizeof *secrets);
    for (size_t at = 0; at < sizeof bytes[0]; at += 16)
        assert_memory_not_equal(bytes[0] + at, bytes[1] + at, 16);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_generator_that_fails_makes_no_secret, restore),
        cmocka_unit_test_teardown(a_generator_of_zeros_makes_no_secret, restore),
        cmocka_unit_test_teardown(a_generator_of_one_byte_makes_no_secret, restore),
        cmocka_unit_test_teardown(a_generator_that_counts_makes_no_secret, restore),
        cmocka_unit_test_teardown(a_generator_that_gives_half_of_what_it_should_makes_no_secret,
                                  restore),
        cmocka_unit_test_teardown(public_bytes_need_a_generator_that_works, restore),
        cmocka_unit_test_teardown(what_went_wrong_does_not_stand_in_the_error_queue, restore),
        cmocka_unit_test_teardown(secrets_are_made_again_when_the_generator_recovers, restore),
        cmocka_unit_test_teardown(a_generator_that_repeats_itself_makes_no_secret_twice, restore),
        cmocka_unit_test(no_two_secrets_are_the_same),
        cmocka_unit_test(no_two_draws_of_public_bytes_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
