/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_crypto.h"
#include "hex.h"

#include "crypto/hkdf.h"

enum { INPUT_MAX = 80 };

/* RFC 5869 appendix A.1 to A.3: the cases with SHA-256. */
static const struct vector {
    const char *ikm;
    const char *salt;
    const char *info;
    const char *prk;
    const char *okm;
} vectors[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2"
     "e2f30313233343536"
     "3738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8"
     "e8f90919293949596"
     "9798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcddd"
     "edfe0e1e2e3e4e5e6"
     "e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590"
     "e09da3275600c2f09"
     "b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static const uint8_t some_prk[STEK_HKDF_PRK_LEN] = {1, 2, 4, 8};

static void extract_gives_the_prk_of_rfc_5869(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t ikm[INPUT_MAX];
        uint8_t salt[INPUT_MAX];
        uint8_t prk[STEK_HKDF_PRK_LEN];
        const size_t ikm_len = hex_read(vectors[i].ikm, ikm, sizeof ikm);
        const size_t salt_len = hex_read(vectors[i].salt, salt, sizeof salt);

        assert_int_equal(stek_hkdf_extract(salt, salt_len, ikm, ikm_len, prk), STEK_OK);
        assert_hex_equal(prk, sizeof prk, vectors[i].prk);
    }
}

static void expand_gives_the_okm_of_rfc_5869(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t prk[STEK_HKDF_PRK_LEN];
        uint8_t info[INPUT_MAX];
        uint8_t expected[100];
        uint8_t okm[100];
        hex_read(vectors[i].prk, prk, sizeof prk);
        const size_t info_len = hex_read(vectors[i].info, info, sizeof info);
        const size_t okm_len = hex_read(vectors[i].okm, expected, sizeof expected);

        assert_int_equal(stek_hkdf_expand(prk, info, info_len, okm, okm_len), STEK_OK);
        assert_memory_equal(okm, expected, okm_len);
    }
}

static struct stek_hkdf_bytes read_bytes(const char *hex, uint8_t at[INPUT_MAX])
{
    return (struct stek_hkdf_bytes){at, hex_read(hex, at, INPUT_MAX)};
}

static void both_in_one_give_the_okm_of_rfc_5869(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t ikm[INPUT_MAX], salt[INPUT_MAX], info[INPUT_MAX], expected[100], okm[100];
        const size_t okm_len = hex_read(vectors[i].okm, expected, sizeof expected);

        assert_int_equal(stek_hkdf_derive(read_bytes(vectors[i].salt, salt),
                                          read_bytes(vectors[i].ikm, ikm),
                                          read_bytes(vectors[i].info, info), okm, okm_len),
                         STEK_OK);
        assert_memory_equal(okm, expected, okm_len);
    }
}

/* libcrypto's own HKDF does the two steps. Lengths go over the blocks of SHA-256. */
static void both_in_one_give_what_extract_and_expand_give(void **state)
{
    enum { INFO_MAX = 300, OUT_MAX = 200 };
    static uint8_t info[INFO_MAX], one[OUT_MAX], two[OUT_MAX];
    uint8_t prk[STEK_HKDF_PRK_LEN];

    (void)state;
    for (size_t len = 1; len <= INFO_MAX; len++) {
        const struct stek_hkdf_bytes salt = {info, len % 67};
        const struct stek_hkdf_bytes ikm = {some_prk, len % sizeof some_prk};
        const size_t out_len = 1 + len % OUT_MAX;
        info[len - 1] = (uint8_t)len;

        assert_int_equal(
            stek_hkdf_derive(salt, ikm, (struct stek_hkdf_bytes){info, len}, one, out_len),
            STEK_OK);
        assert_int_equal(stek_hkdf_extract(salt.at, salt.len, ikm.at, ikm.len, prk), STEK_OK);
        assert_int_equal(stek_hkdf_expand(prk, info, len, two, out_len), STEK_OK);
        assert_memory_equal(one, two, out_len);
    }
}

/* What is prepared serves again and again. */
static void so_they_do_each_time_while_they_are_kept(void **state)
{
    stek_hkdf_keep();
    for (int i = 0; i < 3; i++) {
        both_in_one_give_the_okm_of_rfc_5869(state);
        both_in_one_give_what_extract_and_expand_give(state);
    }
    stek_hkdf_keep_no_more();
}

static void no_salt_is_the_same_as_32_zero_bytes(void **state)
{
    static const uint8_t zeros[32];
    uint8_t without[STEK_HKDF_PRK_LEN];
    uint8_t with[STEK_HKDF_PRK_LEN];

    (void)state;
    assert_int_equal(stek_hkdf_extract(NULL, 0, some_prk, sizeof some_prk, without), STEK_OK);
    assert_int_equal(stek_hkdf_extract(zeros, sizeof zeros, some_prk, sizeof some_prk, with),
                     STEK_OK);
    assert_memory_equal(without, with, sizeof with);
}

static void expand_gives_up_to_255_blocks(void **state)
{
    static uint8_t most[STEK_HKDF_OUT_MAX];
    uint8_t least[1];

    (void)state;
    assert_int_equal(stek_hkdf_expand(some_prk, NULL, 0, most, sizeof most), STEK_OK);
    assert_int_equal(stek_hkdf_expand(some_prk, NULL, 0, least, sizeof least), STEK_OK);
    assert_int_equal(least[0], most[0]);
}

static void expand_refuses_other_lengths_and_leaves_the_output_alone(void **state)
{
    static const size_t lengths[] = {0, STEK_HKDF_OUT_MAX + 1, SIZE_MAX};
    uint8_t out[] = {'o', 'l', 'd'};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(stek_hkdf_expand(some_prk, NULL, 0, out, lengths[i]), STEK_ERR_ARGUMENT);
    assert_memory_equal(out, "old", 3);
}

static void extract_leaves_the_output_alone_when_libcrypto_refuses(void **state)
{
    uint8_t prk[STEK_HKDF_PRK_LEN] = "old";

    (void)state;
    bad_crypto_begin();
    const enum stek_result result = stek_hkdf_extract(NULL, 0, some_prk, sizeof some_prk, prk);
    bad_crypto_end();
    assert_int_equal(result, STEK_ERR_CRYPTO);
    assert_string_equal((const char *)prk, "old");
}

static void expand_wipes_the_output_when_libcrypto_refuses(void **state)
{
    static const uint8_t wiped[80];
    uint8_t out[80] = "old";

    (void)state;
    bad_crypto_begin();
    const enum stek_result result = stek_hkdf_expand(some_prk, NULL, 0, out, sizeof out);
    bad_crypto_end();
    assert_int_equal(result, STEK_ERR_CRYPTO);
    assert_memory_equal(out, wiped, sizeof wiped);
}

static void both_in_one_wipe_the_output_when_libcrypto_refuses(void **state)
{
    static const uint8_t wiped[80];
    const struct stek_hkdf_bytes some = {some_prk, sizeof some_prk};
    uint8_t out[80] = "old";

    (void)state;
    ERR_clear_error();
    bad_crypto_begin();
    const enum stek_result result = stek_hkdf_derive(some, some, some, out, sizeof out);
    bad_crypto_leave();
    assert_int_equal(result, STEK_ERR_CRYPTO);
    assert_int_equal(ERR_peek_error(), 0);
    assert_memory_equal(out, wiped, sizeof wiped);
}

/* The first is made by what is prepared, those after a refusal by libcrypto in one run. */
static void both_in_one_give_the_same_when_libcrypto_has_recovered(void **state)
{
    const struct stek_hkdf_bytes some = {some_prk, 16};
    uint8_t before[80], after[80];

    (void)state;
    stek_hkdf_keep();
    assert_int_equal(stek_hkdf_derive(some, some, some, before, sizeof before), STEK_OK);
    bad_crypto_begin();
    const enum stek_result result = stek_hkdf_derive(some, some, some, after, sizeof after);
    bad_crypto_end();
    assert_int_equal(result, STEK_ERR_CRYPTO);
    assert_int_equal(stek_hkdf_derive(some, some, some, after, sizeof after), STEK_OK);
    stek_hkdf_keep_no_more();
    assert_memory_equal(after, before, sizeof after);
}

static void what_went_wrong_does_not_stand_in_the_error_queue(void **state)
{
    uint8_t prk[STEK_HKDF_PRK_LEN];

    (void)state;
    ERR_clear_error();
    bad_crypto_begin();
    const enum stek_result result = stek_hkdf_extract(NULL, 0, some_prk, sizeof some_prk, prk);
    bad_crypto_leave();
    assert_int_equal(result, STEK_ERR_CRYPTO);
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(extract_gives_the_prk_of_rfc_5869),
        cmocka_unit_test(expand_gives_the_okm_of_rfc_5869),
        cmocka_unit_test(both_in_one_give_the_okm_of_rfc_5869),
        cmocka_unit_test(both_in_one_give_what_extract_and_expand_give),
        cmocka_unit_test(so_they_do_each_time_while_they_are_kept),
        cmocka_unit_test(no_salt_is_the_same_as_32_zero_bytes),
        cmocka_unit_test(expand_gives_up_to_255_blocks),
        cmocka_unit_test(expand_refuses_other_lengths_and_leaves_the_output_alone),
        cmocka_unit_test(extract_leaves_the_output_alone_when_libcrypto_refuses),
        cmocka_unit_test(expand_wipes_the_output_when_libcrypto_refuses),
        cmocka_unit_test(both_in_one_wipe_the_output_when_libcrypto_refuses),
        cmocka_unit_test(both_in_one_give_the_same_when_libcrypto_has_recovered),
        cmocka_unit_test(what_went_wrong_does_not_stand_in_the_error_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
