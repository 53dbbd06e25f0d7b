/* SPDX-License-Identifier: Apache-2.0 */
/* Key files in every layout: read, written, put in another order, tried on tickets. */
#include "unit.h"

#include "keys.h"

#include "keyfile/ticket.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static struct stek_keyfile_bytes bytes;

static bool same_key(const struct stek_keyfile_key *a, const struct stek_keyfile_key *b)
{
    return memcmp(a->aes, b->aes, sizeof a->aes) == 0 &&
           memcmp(a->hmac, b->hmac, sizeof a->hmac) == 0;
}

static const struct stek_keyfile_key *sealing(const struct stek_keyfile_keys *keys)
{
    return &keys->at[stek_keyfile_sealing(keys)];
}

static void what_a_layout_writes_it_reads(void **state)
{
    (void)state;
    for (const struct stek_keyfile_layout *at = stek_keyfile_layouts(); at->name != NULL; at++) {
        const struct stek_keyfile_keys keys = random_keys(at->name, at->keys_min);
        struct stek_keyfile_keys read;
        stek_keyfile_write(&keys, &bytes);
        assert_null(stek_keyfile_read(at, bytes.at, bytes.len, &read));
        assert_int_equal(read.count, keys.count);
        for (size_t i = 0; i < keys.count; i++)
            assert_true(same_key(&keys.at[i], &read.at[i]));
    }
}

/* From each layout into each other one that holds such keys, and the key that seals stays it. */
static void the_key_that_seals_seals_in_every_layout(void **state)
{
    size_t converted = 0;

    (void)state;
    for (const struct stek_keyfile_layout *from = stek_keyfile_layouts(); from->name; from++) {
        for (const struct stek_keyfile_layout *to = stek_keyfile_layouts(); to->name; to++) {
            const struct stek_keyfile_keys keys = random_keys(from->name, from->keys_min);
            struct stek_keyfile_keys arranged, read;
            if (stek_keyfile_arrange(&keys, to, &arranged) != NULL)
                continue;
            stek_keyfile_write(&arranged, &bytes);
            assert_null(stek_keyfile_read(to, bytes.at, bytes.len, &read));
            assert_true(same_key(sealing(&keys), sealing(&read)));
            converted++;
        }
    }
    assert_int_equal(converted, 9 * 9 + 7 * 7 + 9 + 7 + 1); /* long, short, to stunnel, stunnel */
}

static void haproxy_seals_with_the_last_but_one_and_goes_on_with_the_next(void **state)
{
    const struct stek_keyfile_keys keys = random_keys("h2o", 5); /* active, next, others */
    struct stek_keyfile_keys arranged;

    (void)state;
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("haproxy"), &arranged));
    assert_int_equal(arranged.count, 5);
    assert_true(same_key(&arranged.at[3], &keys.at[0]));
    assert_true(same_key(&arranged.at[4], &keys.at[1]));
}

static void dnsdist_seals_with_the_last_and_has_the_next_before_it(void **state)
{
    const struct stek_keyfile_keys keys = random_keys("h2o", 5); /* active, next, others */
    struct stek_keyfile_keys arranged, back;

    (void)state;
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("dnsdist"), &arranged));
    for (size_t i = 0; i < 5; i++)
        assert_true(same_key(&arranged.at[4 - i], &keys.at[i]));
    assert_null(stek_keyfile_arrange(&arranged, keys.layout, &back));
    for (size_t i = 0; i < 5; i++)
        assert_true(same_key(&back.at[i], &keys.at[i]));
    assert_null(stek_keyfile_arrange(&arranged, stek_keyfile_layout_find("haproxy"), &back));
    assert_true(same_key(&back.at[3], &keys.at[0]));
    assert_true(same_key(&back.at[4], &keys.at[1]));
}

static void missing_keys_are_random_ones(void **state)
{
    const struct stek_keyfile_keys keys = random_keys("nginx", 1);
    struct stek_keyfile_keys a, b;

    (void)state;
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("haproxy"), &a));
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("haproxy"), &b));
    assert_int_equal(a.count, 3);
    assert_true(same_key(&a.at[1], &keys.at[0]));
    assert_false(same_key(&a.at[0], &b.at[0]));
    assert_false(same_key(&a.at[2], &b.at[2]));
    assert_false(same_key(&a.at[0], &a.at[2]));
}

static void keys_of_another_length_have_no_place(void **state)
{
    const struct stek_keyfile_keys keys = random_keys("nginx", 1);
    struct stek_keyfile_keys arranged;

    (void)state;
    assert_non_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("apache"), &arranged));
}

static void an_hmac_key_of_a_whole_block_fits_only_h2o(void **state)
{
    struct stek_keyfile_keys keys = random_keys("h2o", 1);
    struct stek_keyfile_keys arranged;

    (void)state;
    keys.at[0].hmac_len = STEK_KEYFILE_HMAC_MAX;
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("nginx"), &arranged));
    keys.at[0].hmac[40] = 1;
    assert_non_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("nginx"), &arranged));
    assert_null(stek_keyfile_arrange(&keys, stek_keyfile_layout_find("h2o"), &arranged));
}

static void a_file_of_a_wrong_size_or_form_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "not base64\n",
                                        "- name: 00\n",
                                        "key: 1\n",
                                        "ticketKeySecret = 00\n",
                                        "- name: \n- name: \n"};
    struct stek_keyfile_keys keys;

    (void)state;
    memset(bytes.at, 0x90, sizeof bytes.at);
    for (const struct stek_keyfile_layout *at = stek_keyfile_layouts(); at->name != NULL; at++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            assert_non_null(
                stek_keyfile_read(at, (const uint8_t *)texts[i], strlen(texts[i]), &keys));
        assert_non_null(stek_keyfile_read(at, bytes.at, 81, &keys));
        assert_non_null(stek_keyfile_read(at, bytes.at, sizeof bytes.at, &keys));
    }
}

/* A ticket of 16 bytes of state under the key that seals. Its tag is all that is looked at. */
static size_t make_ticket(const struct stek_keyfile_keys *keys, uint8_t ticket[80])
{
    const struct stek_keyfile_key *key = sealing(keys);
    unsigned int len = 0;

    memset(ticket, 7, 80);
    memcpy(ticket, key->name, sizeof key->name);
    assert_non_null(
        HMAC(EVP_sha256(), key->hmac, (int)key->hmac_len, ticket, 48, ticket + 48, &len));
    return 48 + len;
}

static void a_ticket_tells_the_order(void **state)
{
    const struct stek_keyfile_keys keys = random_keys("nginx", 1);
    struct stek_keyfile_keys swapped;
    uint8_t ticket[80];
    const size_t len = make_ticket(&keys, ticket);
    size_t key = 9;

    (void)state;
    assert_int_equal(stek_keyfile_try(&keys, ticket, len, &key), STEK_KEYFILE_OPENS);
    assert_int_equal(key, 0);
    stek_keyfile_write(&keys, &bytes);
    assert_null(
        stek_keyfile_read(stek_keyfile_layout_find("unbound"), bytes.at, bytes.len, &swapped));
    assert_int_equal(stek_keyfile_try(&swapped, ticket, len, &key), STEK_KEYFILE_WRONG_MAC);
    ticket[0] ^= 1;
    assert_int_equal(stek_keyfile_try(&keys, ticket, len, &key), STEK_KEYFILE_NO_NAME);
    for (size_t part = 0; part < len; part++)
        assert_int_equal(stek_keyfile_try(&keys, ticket, part, &key), STEK_KEYFILE_NO_NAME);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_layout_writes_it_reads),
        cmocka_unit_test(the_key_that_seals_seals_in_every_layout),
        cmocka_unit_test(haproxy_seals_with_the_last_but_one_and_goes_on_with_the_next),
        cmocka_unit_test(dnsdist_seals_with_the_last_and_has_the_next_before_it),
        cmocka_unit_test(missing_keys_are_random_ones),
        cmocka_unit_test(keys_of_another_length_have_no_place),
        cmocka_unit_test(an_hmac_key_of_a_whole_block_fits_only_h2o),
        cmocka_unit_test(a_file_of_a_wrong_size_or_form_is_refused),
        cmocka_unit_test(a_ticket_tells_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
