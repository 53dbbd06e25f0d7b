/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_rand.h"
#include "hex.h"
#include "prng.h"

#include "crypto/aead.h"

#include <string.h>

enum { ROOM = 512 };

/* "The Galois/Counter Mode of Operation", McGrew and Viega, appendix B: the cases with 256-bit keys
 * and 96-bit nonces. */
static const struct vector {
    const char *key;
    const char *nonce;
    const char *associated;
    const char *plain;
    const char *sealed;
} vectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "525b16aedf5aa0de657ba"
     "637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0abc"
     "c9f66276fc6ece0f4e1768cddf8853bb2d551b"},
};

struct sealed_case {
    struct stek_secret32 key;
    uint8_t associated[ROOM];
    uint8_t sealed[ROOM];
    uint8_t plain[ROOM];
    size_t associated_len;
    size_t sealed_len;
    size_t plain_len;
};

static void read_case(const struct vector *vector, struct sealed_case *ret)
{
    hex_read(vector->key, ret->key.bytes, sizeof ret->key.bytes);
    ret->sealed_len = hex_read(vector->nonce, ret->sealed, ROOM);
    ret->sealed_len +=
        hex_read(vector->sealed, ret->sealed + ret->sealed_len, ROOM - ret->sealed_len);
    ret->associated_len = hex_read(vector->associated, ret->associated, ROOM);
    ret->plain_len = hex_read(vector->plain, ret->plain, ROOM);
}

static enum stek_result open_case(const struct sealed_case *c, uint8_t *ret_plain)
{
    return stek_aead_open(&c->key, (struct stek_bytes){c->associated, c->associated_len},
                          (struct stek_bytes){c->sealed, c->sealed_len}, ret_plain);
}

static void opens_the_published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct sealed_case c;
        uint8_t plain[ROOM];

        read_case(&vectors[i], &c);
        assert_int_equal(c.sealed_len, c.plain_len + STEK_AEAD_EXTRA_LEN);
        assert_int_equal(open_case(&c, plain), STEK_OK);
        assert_memory_equal(plain, c.plain, c.plain_len);
    }
}

static void any_flipped_bit_is_refused_and_nothing_is_let_out(void **state)
{
    struct sealed_case c;
    uint8_t plain[ROOM];
    static const uint8_t zeros[ROOM];

    (void)state;
    read_case(&vectors[2], &c);
    for (size_t bit = 0; bit < 8 * c.sealed_len; bit++) {
        c.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        memset(plain, 0xaa, sizeof plain);
        assert_int_equal(open_case(&c, plain), STEK_ERR_FORMAT);
        assert_memory_equal(plain, zeros, c.plain_len);
        c.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    c.associated[3] ^= 1;
    assert_int_equal(open_case(&c, plain), STEK_ERR_FORMAT);
}

static void what_is_too_short_is_refused(void **state)
{
    struct sealed_case c;
    uint8_t plain[ROOM];

    (void)state;
    read_case(&vectors[0], &c);
    for (; c.sealed_len > 0; c.sealed_len--)
        if (c.sealed_len < STEK_AEAD_EXTRA_LEN)
            assert_int_equal(open_case(&c, plain), STEK_ERR_FORMAT);
    assert_int_equal(open_case(&c, plain), STEK_ERR_FORMAT);
}

static void what_is_sealed_opens_and_never_repeats_a_nonce(void **state)
{
    struct prng prng = {prng_run_seed()};
    struct sealed_case c = {.sealed_len = 0};
    uint8_t last_nonce[STEK_AEAD_NONCE_LEN] = {0};
    uint8_t plain[ROOM];

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        c.key = prng_secret(&prng);
        c.plain_len = (size_t)prng_between(&prng, 0, 100);
        c.associated_len = (size_t)prng_between(&prng, 0, 100);
        c.sealed_len = c.plain_len + STEK_AEAD_EXTRA_LEN;
        prng_bytes(&prng, c.plain, c.plain_len);
        prng_bytes(&prng, c.associated, c.associated_len);
        assert_int_equal(stek_aead_seal(&c.key, (struct stek_bytes){c.associated, c.associated_len},
                                        (struct stek_bytes){c.plain, c.plain_len}, c.sealed),
                         STEK_OK);
        assert_int_equal(open_case(&c, plain), STEK_OK);
        assert_memory_equal(plain, c.plain, c.plain_len);
        assert_memory_not_equal(c.sealed, last_nonce, sizeof last_nonce);
        memcpy(last_nonce, c.sealed, sizeof last_nonce);
    }
}

static int restore(void **state)
{
    (void)state;
    bad_rand_restore();
    return 0;
}

static void without_random_bytes_nothing_is_sealed(void **state)
{
    const struct stek_secret32 key = {{1, 2, 3}};
    static const uint8_t text[] = "must not get out";
    uint8_t sealed[sizeof text + STEK_AEAD_EXTRA_LEN] = {0};

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    assert_int_equal(stek_aead_seal(&key, (struct stek_bytes){NULL, 0},
                                    (struct stek_bytes){text, sizeof text}, sealed),
                     STEK_ERR_RANDOM);
    bad_rand_install(BAD_RAND_ZEROS);
    assert_int_equal(stek_aead_seal(&key, (struct stek_bytes){NULL, 0},
                                    (struct stek_bytes){text, sizeof text}, sealed),
                     STEK_ERR_RANDOM);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_the_published_vectors),
        cmocka_unit_test(any_flipped_bit_is_refused_and_nothing_is_let_out),
        cmocka_unit_test(what_is_too_short_is_refused),
        cmocka_unit_test(what_is_sealed_opens_and_never_repeats_a_nonce),
        cmocka_unit_test_teardown(without_random_bytes_nothing_is_sealed, restore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
