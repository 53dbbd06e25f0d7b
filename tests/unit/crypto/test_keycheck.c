/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "crypto/keycheck.h"

#include <string.h>

enum { KEY_LEN = 32 };

static const size_t lengths[] = {16, 17, 32, 48, 80};

enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* A key that nothing is wrong with, for the test to spoil. */
static void sound_key(uint8_t *ret_key, size_t len)
{
    struct prng prng = {len};

    prng_bytes(&prng, ret_key, len);
    assert_false(stek_key_is_weak(ret_key, len));
}

static void a_key_of_zeros_is_weak(void **state)
{
    static const uint8_t key[80];

    (void)state;
    for (size_t i = 0; i < LENGTHS; i++)
        assert_true(stek_key_is_weak(key, lengths[i]));
}

static void a_key_of_any_one_byte_is_weak(void **state)
{
    uint8_t key[80];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        memset(key, byte, sizeof key);
        for (size_t i = 0; i < LENGTHS; i++)
            assert_true(stek_key_is_weak(key, lengths[i]));
    }
}

static void a_key_that_counts_by_any_step_from_anywhere_is_weak(void **state)
{
    uint8_t key[80];

    (void)state;
    for (unsigned step = 0; step < 256; step++)
        for (unsigned start = 0; start < 256; start++) {
            for (unsigned at = 0; at < sizeof key; at++)
                key[at] = (uint8_t)(start + step * at);
            for (size_t i = 0; i < LENGTHS; i++)
                assert_true(stek_key_is_weak(key, lengths[i]));
        }
}

static void a_key_that_counts_all_but_once_is_sound(void **state)
{
    uint8_t key[KEY_LEN];

    (void)state;
    for (unsigned odd = 0; odd < KEY_LEN; odd++) {
        for (unsigned at = 0; at < KEY_LEN; at++)
            key[at] = (uint8_t)(at + 1);
        key[odd] ^= 0x80;
        assert_false(stek_key_is_weak(key, KEY_LEN));
    }
}

static void eight_zeros_or_more_at_the_start_are_weak(void **state)
{
    for (size_t zeros = 1; zeros < KEY_LEN; zeros++) {
        uint8_t key[KEY_LEN];

        sound_key(key, sizeof key);
        memset(key, 0, zeros);
        assert_int_equal(stek_key_is_weak(key, sizeof key), zeros >= 8);
    }
    (void)state;
}

static void eight_zeros_or_more_at_the_end_are_weak(void **state)
{
    for (size_t zeros = 1; zeros < KEY_LEN; zeros++) {
        uint8_t key[KEY_LEN];

        sound_key(key, sizeof key);
        memset(key + KEY_LEN - zeros, 0, zeros);
        assert_int_equal(stek_key_is_weak(key, sizeof key), zeros >= 8);
    }
    (void)state;
}

static void zeros_in_the_middle_are_chance(void **state)
{
    uint8_t key[KEY_LEN];

    (void)state;
    sound_key(key, sizeof key);
    memset(key + 12, 0, 8);
    assert_false(stek_key_is_weak(key, sizeof key));
}

static void one_half_repeated_is_weak(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTHS; i++) {
        uint8_t key[80];

        sound_key(key, lengths[i]);
        memcpy(key + lengths[i] / 2, key, lengths[i] / 2);
        assert_true(stek_key_is_weak(key, lengths[i]));
    }
}

static void halves_that_differ_in_one_bit_are_sound(void **state)
{
    uint8_t key[KEY_LEN];

    (void)state;
    for (unsigned bit = 0; bit < 8 * KEY_LEN; bit++) {
        sound_key(key, sizeof key);
        memcpy(key + KEY_LEN / 2, key, KEY_LEN / 2);
        key[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(stek_key_is_weak(key, sizeof key));
    }
}

static void a_key_under_16_bytes_is_weak(void **state)
{
    uint8_t key[16];

    (void)state;
    sound_key(key, sizeof key);
    for (size_t len = 0; len < sizeof key; len++)
        assert_true(stek_key_is_weak(key, len));
}

static void random_keys_are_sound(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < 5000; round++)
        for (size_t i = 0; i < LENGTHS; i++) {
            uint8_t key[80];

            prng_bytes(&prng, key, lengths[i]);
            assert_false(stek_key_is_weak(key, lengths[i]));
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_of_zeros_is_weak),
        cmocka_unit_test(a_key_of_any_one_byte_is_weak),
        cmocka_unit_test(a_key_that_counts_by_any_step_from_anywhere_is_weak),
        cmocka_unit_test(a_key_that_counts_all_but_once_is_sound),
        cmocka_unit_test(eight_zeros_or_more_at_the_start_are_weak),
        cmocka_unit_test(eight_zeros_or_more_at_the_end_are_weak),
        cmocka_unit_test(zeros_in_the_middle_are_chance),
        cmocka_unit_test(one_half_repeated_is_weak),
        cmocka_unit_test(halves_that_differ_in_one_bit_are_sound),
        cmocka_unit_test(a_key_under_16_bytes_is_weak),
        cmocka_unit_test(random_keys_are_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
