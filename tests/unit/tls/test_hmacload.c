/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC from a state with the key hashed in: the same MACs as from the key. */
#include "unit.h"

#include "hex.h"

#include "tls/hmacload.h"

#include <pthread.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { MAC_LEN = 32, MESSAGE_MAX = 300, THREADS = 4, ROUNDS = 2000 };

static struct stek_hmac_template *template;
static uint8_t message[MESSAGE_MAX];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 7);
    template = stek_hmac_template_new();
    return template != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    stek_hmac_template_free(template);
    return 0;
}

static HMAC_CTX *loaded(const uint8_t key[STEK_HMAC_KEY_LEN])
{
    struct stek_hmac_state hashed;
    HMAC_CTX *hmac = HMAC_CTX_new();

    stek_hmac_state_make(key, &hashed);
    assert_non_null(hmac);
    assert_true(stek_hmac_load(hmac, template, &hashed));
    return hmac;
}

static void assert_ends_with(HMAC_CTX *hmac, const uint8_t *expected)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    assert_int_equal(HMAC_Final(hmac, mac, &len), 1);
    assert_int_equal(len, MAC_LEN);
    assert_memory_equal(mac, expected, MAC_LEN);
    HMAC_CTX_free(hmac);
}

static void expected_mac(const uint8_t key[STEK_HMAC_KEY_LEN], size_t len,
                         uint8_t ret_mac[EVP_MAX_MD_SIZE])
{
    assert_non_null(HMAC(EVP_sha256(), key, STEK_HMAC_KEY_LEN, message, len, ret_mac, NULL));
}

/* RFC 4231 sections 4.2 and 4.3; their keys are shorter, and HMAC itself fills keys up with zeros.
 */
static void gives_the_macs_of_rfc_4231(void **state)
{
    static const struct {
        const char *key;
        const char *text;
        const char *mac;
    } vectors[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000", "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a65666500000000000000000000000000000000000000000000000000000000",
         "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t key[STEK_HMAC_KEY_LEN];
        uint8_t mac[MAC_LEN];
        assert_int_equal(hex_read(vectors[i].key, key, sizeof key), sizeof key);
        assert_int_equal(hex_read(vectors[i].mac, mac, sizeof mac), sizeof mac);
        HMAC_CTX *hmac = loaded(key);
        assert_int_equal(
            HMAC_Update(hmac, (const uint8_t *)vectors[i].text, strlen(vectors[i].text)), 1);
        assert_ends_with(hmac, mac);
    }
}

static void gives_the_same_as_the_key_for_messages_of_every_length_in_one_piece_or_two(void **state)
{
    static const uint8_t key[STEK_HMAC_KEY_LEN] = {1, 2, 3};
    uint8_t mac[EVP_MAX_MD_SIZE];

    (void)state;
    for (size_t len = 0; len <= MESSAGE_MAX; len++) {
        expected_mac(key, len, mac);
        for (size_t first = 0; first <= len; first += 1 + len / 3) {
            HMAC_CTX *hmac = loaded(key);
            assert_int_equal(HMAC_Update(hmac, message, first), 1);
            assert_int_equal(HMAC_Update(hmac, message + first, len - first), 1);
            assert_ends_with(hmac, mac);
        }
    }
}

static void two_at_once_do_not_mix(void **state)
{
    static const uint8_t keys[2][STEK_HMAC_KEY_LEN] = {{1}, {2}};
    uint8_t mac[2][EVP_MAX_MD_SIZE];
    HMAC_CTX *hmac[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        expected_mac(keys[i], 200, mac[i]);
        hmac[i] = loaded(keys[i]);
    }
    for (size_t done = 0; done < 200; done += 50)
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(HMAC_Update(hmac[i], message + done, 50), 1);
    for (size_t i = 0; i < 2; i++)
        assert_ends_with(hmac[i], mac[i]);
}

static void a_second_mac_without_a_key_is_refused(void **state)
{
    static const uint8_t key[STEK_HMAC_KEY_LEN] = {1};
    uint8_t mac[EVP_MAX_MD_SIZE];
    HMAC_CTX *hmac = loaded(key);

    (void)state;
    assert_int_equal(HMAC_Final(hmac, mac, NULL), 1);
    (void)HMAC_Init_ex(hmac, NULL, 0, NULL, NULL);
    assert_int_equal(HMAC_Update(hmac, message, 1), 0);
    assert_int_equal(HMAC_Final(hmac, mac, NULL), 0);
    HMAC_CTX_free(hmac);
}

static void *compute_many(void *arg)
{
    uint8_t key[STEK_HMAC_KEY_LEN] = {*(uint8_t *)arg};
    uint8_t mac[EVP_MAX_MD_SIZE];

    expected_mac(key, MESSAGE_MAX, mac);
    for (int i = 0; i < ROUNDS; i++) {
        HMAC_CTX *hmac = loaded(key);
        assert_int_equal(HMAC_Update(hmac, message, MESSAGE_MAX), 1);
        assert_ends_with(hmac, mac);
    }
    return NULL;
}

static void threads_share_the_template(void **state)
{
    pthread_t threads[THREADS];
    uint8_t keys[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        keys[i] = (uint8_t)i;
        assert_int_equal(pthread_create(&threads[i], NULL, compute_many, &keys[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void there_is_no_template_without_methods_of_our_own(void **state)
{
    (void)state;
    assert_null(stek_hmac_template_new());
}

int main(void)
{
    const struct CMUnitTest without[] = {
        cmocka_unit_test(there_is_no_template_without_methods_of_our_own),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_macs_of_rfc_4231),
        cmocka_unit_test(
            gives_the_same_as_the_key_for_messages_of_every_length_in_one_piece_or_two),
        cmocka_unit_test(two_at_once_do_not_mix),
        cmocka_unit_test(a_second_mac_without_a_key_is_refused),
        cmocka_unit_test(threads_share_the_template),
    };

    return STEK_HAVE_DIRECT_METHODS ? cmocka_run_group_tests(tests, set_up, tear_down)
                                    : cmocka_run_group_tests(without, NULL, NULL);
}
