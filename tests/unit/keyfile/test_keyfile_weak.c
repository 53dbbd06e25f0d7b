/* SPDX-License-Identifier: Apache-2.0 */
/* What is found wrong with the keys of a file. */
#include "unit.h"

#include "keys.h"

#include "keyfile/weak.h"

static struct stek_keyfile_findings findings;

static void judge(const struct stek_keyfile_keys *keys)
{
    memset(&findings, 0, sizeof findings);
    assert_int_equal(stek_keyfile_judge(keys, &findings), STEK_OK);
}

static bool found(const char *code)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.at[i].code, code) == 0)
            return true;
    return false;
}

static void random_keys_are_fine(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        const struct stek_keyfile_keys keys = random_keys("dnsdist", 8);
        judge(&keys);
        assert_int_equal(findings.count, 0);
    }
}

static void assert_weak(const char *layout, const uint8_t *part)
{
    struct stek_keyfile_keys keys = random_keys(layout, 1);
    const struct stek_keyfile_keys good = keys;

    memcpy(keys.at[0].aes, part, keys.at[0].aes_len);
    judge(&keys);
    assert_true(found("weak-key"));
    keys = good;
    memcpy(keys.at[0].hmac, part, keys.at[0].hmac_len);
    judge(&keys);
    assert_true(found("weak-key"));
}

static void keys_of_the_dictionary_are_weak(void **state)
{
    static const char *const parts[] = {
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37\40",
        "passwordpasswordpasswordpassword"};

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_weak("nginx", (const uint8_t *)parts[i]);
        assert_weak("apache", (const uint8_t *)parts[i]);
    }
}

static void patterns_that_are_in_no_dictionary_are_weak(void **state)
{
    uint8_t part[32];

    (void)state;
    assert_int_equal(stek_random_public(part, 16), STEK_OK);
    memcpy(part + 16, part, 16); /* twice */
    assert_weak("nginx", part);
    assert_int_equal(stek_random_public(part, sizeof part), STEK_OK);
    memset(part + 24, 0, 8); /* padded */
    assert_weak("nginx", part);
    assert_weak("nginx", (const uint8_t *)"Tr0ub4dor&3 is what I type always"); /* text */
}

static void one_key_in_both_places_is_found(void **state)
{
    struct stek_keyfile_keys keys = random_keys("nginx", 1);

    (void)state;
    memcpy(keys.at[0].aes, keys.at[0].hmac, sizeof keys.at[0].aes);
    judge(&keys);
    assert_true(found("repeated-key"));
}

static void a_key_or_a_name_that_stands_twice_is_found(void **state)
{
    struct stek_keyfile_keys keys = random_keys("dnsdist", 3);

    (void)state;
    memcpy(keys.at[2].name, keys.at[0].name, sizeof keys.at[0].name);
    judge(&keys);
    assert_true(found("repeated-name") && !found("repeated-key"));
    keys.at[2] = keys.at[0];
    judge(&keys);
    assert_true(found("repeated-key"));
}

static void findings_without_a_place_are_counted(void **state)
{
    struct stek_keyfile_keys keys = random_keys("dnsdist", 64);

    (void)state;
    for (size_t i = 0; i < keys.count; i++)
        memset(keys.at[i].aes, 0, sizeof keys.at[i].aes);
    judge(&keys);
    assert_int_equal(findings.count, STEK_KEYFILE_FINDINGS_MAX);
    assert_true(findings.left_out > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_keys_are_fine),
        cmocka_unit_test(keys_of_the_dictionary_are_weak),
        cmocka_unit_test(patterns_that_are_in_no_dictionary_are_weak),
        cmocka_unit_test(one_key_in_both_places_is_found),
        cmocka_unit_test(a_key_or_a_name_that_stands_twice_is_found),
        cmocka_unit_test(findings_without_a_place_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
