/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "audit_seal.h"

#include "audit/dictionary/dictionary.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t zeros[64];

static const struct {
    const char *libcrypto, *name;
    size_t nonce_len;
} ciphers[] = {
    {"AES-128-CBC", "AES-128-CBC", 0},
    {"AES-256-CBC", "AES-256-CBC", 0},
    {"AES-128-CTR", "AES-128-CTR", 0},
    {"AES-256-CTR", "AES-256-CTR", 0},
    {"AES-128-GCM", "AES-128-GCM", 0},
    {"AES-256-GCM", "AES-256-GCM", 0},
    {"AES-128-CCM", "AES-128-CCM", 12},
    {"AES-256-CCM", "AES-256-CCM", 12},
    {"ChaCha20-Poly1305", "ChaCha20-Poly1305", 0},
};

enum { CIPHERS = sizeof ciphers / sizeof *ciphers };

static int make_dictionary(void **state)
{
    struct stek_audit_dictionary *dictionary;

    if (stek_audit_dictionary_new(&dictionary) != STEK_OK)
        return -1;
    *state = dictionary;
    return 0;
}

static int free_dictionary(void **state)
{
    stek_audit_dictionary_free(*state);
    return 0;
}

static struct stek_audit_hit try_one(void **state, const struct seal *seal, uint16_t version,
                                     uint8_t secret_len)
{
    struct stek_audit_ticket ticket;
    struct stek_audit_hit hit;

    seal_ticket(seal, version, secret_len, &ticket);
    assert_int_equal(stek_audit_dictionary_try(*state, &ticket, NULL, &hit), STEK_OK);
    free(ticket.bytes);
    return hit;
}

static struct seal plain_seal(const char *cipher, const uint8_t *key)
{
    return (struct seal){.cipher = cipher, .name_len = 16, .key = key, .before = 56, .after = 70};
}

static void opens_every_cipher_after_a_name_of_any_length(void **state)
{
    for (int i = 0; i < CIPHERS; i++)
        for (size_t name_len = 0; name_len <= 32; name_len++)
            for (uint8_t secret_len = 32; secret_len <= 48; secret_len += 16) {
                struct seal seal = plain_seal(ciphers[i].libcrypto, zeros);
                seal.name_len = name_len;
                seal.nonce_len = ciphers[i].nonce_len;
                seal.before = name_len * 3 % 37;
                const struct stek_audit_hit hit =
                    try_one(state, &seal, secret_len == 48 ? STEK_AUDIT_TLS12 : STEK_AUDIT_TLS13,
                            secret_len);
                assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
                assert_string_equal(hit.cipher, ciphers[i].name);
                assert_string_equal(hit.key, "all zeros");
            }
}

static void opens_tickets_with_a_length_between_nonce_and_ciphertext(void **state)
{
    for (int i = 0; i < CIPHERS; i++) {
        struct seal seal = plain_seal(ciphers[i].libcrypto, zeros);
        seal.nonce_len = ciphers[i].nonce_len;
        seal.gap = 2;
        seal.name_len = 4; /* as mbedTLS has it */
        const struct stek_audit_hit hit = try_one(state, &seal, STEK_AUDIT_TLS12, 48);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.cipher, ciphers[i].name);
    }
}

static void opens_tickets_whose_nonce_is_zeros_and_not_sent(void **state)
{
    static const char *const names[] = {"AES-128-CTR", "AES-256-CTR", "AES-128-GCM", "AES-256-GCM",
                                        "AES-256-CBC"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct seal seal = plain_seal(names[i], zeros);
        seal.no_nonce = true;
        const struct stek_audit_hit hit = try_one(state, &seal, STEK_AUDIT_TLS12, 48);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.cipher, names[i]);
        assert_int_equal(hit.nonce_at, -1);
    }
}

static void a_random_key_opens_nothing(void **state)
{
    for (int i = 0; i < CIPHERS; i++)
        for (uint8_t secret_len = 32; secret_len <= 48; secret_len += 16) {
            uint8_t key[32], mac_key[32];
            assert_int_equal(RAND_bytes(key, sizeof key), 1);
            assert_int_equal(RAND_bytes(mac_key, sizeof mac_key), 1);
            struct seal seal = plain_seal(ciphers[i].libcrypto, key);
            seal.nonce_len = ciphers[i].nonce_len;
            seal.mac = "SHA256";
            seal.mac_key = mac_key;
            seal.mac_key_len = sizeof mac_key;
            assert_int_equal(try_one(state, &seal, STEK_AUDIT_TLS13, secret_len).kind,
                             STEK_AUDIT_HIT_NONE);
        }
}

/* Without the secret in the plaintext there is no proof, and nothing is claimed. */
static void a_ticket_that_opens_and_holds_another_secret_is_no_hit(void **state)
{
    for (int i = 0; i < CIPHERS; i++) {
        struct seal seal = plain_seal(ciphers[i].libcrypto, zeros);
        struct stek_audit_ticket ticket;
        struct stek_audit_hit hit;
        seal.nonce_len = ciphers[i].nonce_len;
        seal_ticket(&seal, STEK_AUDIT_TLS12, 48, &ticket);
        assert_int_equal(RAND_bytes(ticket.secret, ticket.secret_len), 1);
        assert_int_equal(stek_audit_dictionary_try(*state, &ticket, NULL, &hit), STEK_OK);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_NONE);
        free(ticket.bytes);
    }
}

static void expect_key(void **state, const uint8_t *key, const char *said)
{
    const struct seal seal = plain_seal("AES-256-CBC", key);
    const struct stek_audit_hit hit = try_one(state, &seal, STEK_AUDIT_TLS12, 48);

    assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
    assert_string_equal(hit.key, said);
}

static void knows_every_constant_key(void **state)
{
    for (int byte = 1; byte < 256; byte++) {
        uint8_t key[32];
        char said[32];
        memset(key, byte, sizeof key);
        (void)snprintf(said, sizeof said, "all bytes %02x", byte);
        expect_key(state, key, said);
    }
}

static void knows_counters_up_from_anywhere_down_and_by_steps(void **state)
{
    uint8_t key[32];
    char said[48];

    for (int start = 0; start < 256; start++) {
        for (int i = 0; i < 32; i++)
            key[i] = (uint8_t)(start + i);
        (void)snprintf(said, sizeof said, "counting from %02x by 1", start);
        expect_key(state, key, said);
    }
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)(0x1f - i);
    expect_key(state, key, "counting from 1f by -1");
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)(0x11 * i);
    expect_key(state, key, "counting from 00 by 17");
}

static void knows_short_keys_and_words_padded_with_zeros_or_repeated(void **state)
{
    static const char *const words[] = {"secret", "changeme", "password", "nginx", "haproxy"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint8_t key[32] = {0};
        char said[64];
        memcpy(key, words[i], strlen(words[i]));
        (void)snprintf(said, sizeof said, "\"%s\", then zeros", words[i]);
        expect_key(state, key, said);
        for (size_t k = 0; k < sizeof key; k++) /* a file of 80 bytes: the key begins at byte 48 */
            key[k] = (uint8_t)words[i][(48 + k) % strlen(words[i])];
        (void)snprintf(said, sizeof said, "\"%s\" over and over", words[i]);
        expect_key(state, key, said);
    }
    uint8_t found_in_use[32] = {0};
    memset(found_in_use, '1', 16);
    expect_key(state, found_in_use, "16 bytes 31, then zeros");
}

static void knows_published_keys(void **state)
{
    static const uint8_t fips_256[32] = {0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe,
                                         0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
                                         0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7,
                                         0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4};
    static const uint8_t magic[32] = {0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef,
                                      0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef,
                                      0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef,
                                      0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef};

    expect_key(state, fips_256, "published in FIPS 197 appendix A.3");
    expect_key(state, magic, "deadbeef over and over");
}

static void names_the_mac_key_and_says_when_it_alone_is_known(void **state)
{
    static const struct {
        const char *digest, *name;
        size_t key_len;
    } macs[] = {{"SHA1", "HMAC-SHA1", 16},
                {"SHA256", "HMAC-SHA256", 32},
                {"SHA256", "HMAC-SHA256", 16},
                {"SHA384", "HMAC-SHA384", 48},
                {"SHA512", "HMAC-SHA512", 64}};
    uint8_t ones[64], key[32];

    memset(ones, 0x11, sizeof ones);
    for (size_t i = 0; i < sizeof macs / sizeof *macs; i++) {
        struct seal seal = plain_seal("AES-256-CBC", zeros);
        seal.mac = macs[i].digest;
        seal.mac_key = ones;
        seal.mac_key_len = macs[i].key_len;
        struct stek_audit_hit hit = try_one(state, &seal, STEK_AUDIT_TLS12, 48);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.mac, macs[i].name);
        assert_string_equal(hit.mac_key, "all bytes 11");
        assert_int_equal(RAND_bytes(key, sizeof key), 1);
        seal.key = key;
        hit = try_one(state, &seal, STEK_AUDIT_TLS12, 48);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_FORGED);
        assert_null(hit.cipher);
    }
}

static void takes_tickets_of_any_length(void **state)
{
    uint8_t bytes[200];

    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct stek_audit_ticket ticket = {
            .version = STEK_AUDIT_TLS13, .bytes = bytes, .len = len, .secret_len = 32};
        struct stek_audit_hit hit;
        assert_int_equal(RAND_bytes(bytes, sizeof bytes), 1);
        assert_int_equal(RAND_bytes(ticket.secret, 32), 1);
        bytes[0] = 1; /* s2n-tls' version */
        if (len > 34)
            bytes[33] = (uint8_t)(len - 54); /* GnuTLS' length */
        bytes[32] = 0;
        assert_int_equal(stek_audit_dictionary_try(*state, &ticket, NULL, &hit), STEK_OK);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_NONE);
    }
}

static bool stop_at_once(void *arg)
{
    ++*(size_t *)arg;
    return true;
}

static void stops_before_a_key_when_it_is_told_to(void **state)
{
    const struct seal seal = plain_seal("AES-256-CBC", zeros);
    struct stek_audit_ticket ticket;
    struct stek_audit_hit hit;
    size_t asked = 0;
    const struct stek_audit_until until = {stop_at_once, &asked};

    seal_ticket(&seal, STEK_AUDIT_TLS12, 48, &ticket);
    assert_int_equal(stek_audit_dictionary_try(*state, &ticket, &until, &hit), STEK_OK);
    free(ticket.bytes);
    assert_int_equal(hit.kind, STEK_AUDIT_HIT_NONE);
    assert_int_equal(asked, 3); /* keys, derivations, MAC keys */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_every_cipher_after_a_name_of_any_length),
        cmocka_unit_test(opens_tickets_with_a_length_between_nonce_and_ciphertext),
        cmocka_unit_test(opens_tickets_whose_nonce_is_zeros_and_not_sent),
        cmocka_unit_test(a_random_key_opens_nothing),
        cmocka_unit_test(a_ticket_that_opens_and_holds_another_secret_is_no_hit),
        cmocka_unit_test(knows_every_constant_key),
        cmocka_unit_test(knows_counters_up_from_anywhere_down_and_by_steps),
        cmocka_unit_test(knows_short_keys_and_words_padded_with_zeros_or_repeated),
        cmocka_unit_test(knows_published_keys),
        cmocka_unit_test(names_the_mac_key_and_says_when_it_alone_is_known),
        cmocka_unit_test(takes_tickets_of_any_length),
        cmocka_unit_test(stops_before_a_key_when_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, make_dictionary, free_dictionary);
}
