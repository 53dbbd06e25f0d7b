/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that derive their keys, or keep the resumption master secret: tickets made as their
 * sources say. */
#include "unit.h"

#include "audit_seal.h"

#include "audit/dictionary/dictionary.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

enum { HASH_LEN = 32, TIME = 1795000000, LIFETIME = 7200 };

static struct stek_audit_dictionary *dictionary;

static int make_dictionary(void **state)
{
    (void)state;
    return stek_audit_dictionary_new(&dictionary) == STEK_OK ? 0 : -1;
}

static int free_dictionary(void **state)
{
    (void)state;
    stek_audit_dictionary_free(dictionary);
    return 0;
}

/* A TLS 1.3 session: the PSK is derived from `rms` with the ticket's nonce (RFC 9846
 * section 4.6.1). */
static struct stek_audit_ticket session(const uint8_t rms[HASH_LEN], uint8_t nonce_len)
{
    static const uint8_t head[] = "\x00\x20\x10tls13 resumption";
    struct stek_audit_ticket ticket = {.version = STEK_AUDIT_TLS13,
                                       .cipher = 0x1301,
                                       .received = TIME,
                                       .hint_s = LIFETIME,
                                       .secret_len = HASH_LEN,
                                       .nonce_len = nonce_len};
    uint8_t info[sizeof head + 256];
    size_t len = sizeof head - 1;
    unsigned out_len;

    assert_int_equal(RAND_bytes(ticket.nonce, 8), 1);
    memcpy(info, head, len);
    info[len++] = nonce_len;
    memcpy(info + len, ticket.nonce, nonce_len);
    len += nonce_len;
    info[len++] = 1;
    assert_non_null(HMAC(EVP_sha256(), rms, HASH_LEN, info, len, ticket.secret, &out_len));
    return ticket;
}

static struct stek_audit_hit try_and_free(struct stek_audit_ticket *ticket)
{
    struct stek_audit_hit hit;

    assert_int_equal(stek_audit_dictionary_try(dictionary, ticket, NULL, &hit), STEK_OK);
    free(ticket->bytes);
    return hit;
}

/* CVE-2020-13777: all keys zero, the plaintext padded with zeros to whole blocks. The session's own
 * PSK is not in it.
 */
static struct stek_audit_ticket gnutls_ticket(const uint8_t *name, const uint8_t enc[32],
                                              const uint8_t mac[16])
{
    const struct seal seal = {.cipher = "AES-256-CBC", .name_len = 16, .gap = 2, .key = enc};
    uint8_t plain[127] = {0x00, 0x06}; /* PKCS #7 makes it 128 */
    unsigned tag_len;

    assert_int_equal(RAND_bytes(plain + 2, sizeof plain - 2), 1);
    plain[10] = HASH_LEN;
    struct stek_audit_ticket ticket = session(plain + 11, 4);
    seal_bytes(&seal, plain, sizeof plain, &ticket);
    memcpy(ticket.bytes, name, 16);
    ticket.bytes[32] = 0;
    ticket.bytes[33] = 128;
    ticket.bytes = realloc(ticket.bytes, ticket.len + 20);
    assert_non_null(ticket.bytes);
    assert_non_null(
        HMAC(EVP_sha1(), mac, 16, ticket.bytes, ticket.len, ticket.bytes + ticket.len, &tag_len));
    ticket.len += tag_len;
    return ticket;
}

static void opens_tickets_of_gnutls_before_its_first_rotation(void **state)
{
    static const uint8_t zeros[32];
    struct stek_audit_ticket ticket = gnutls_ticket(zeros, zeros, zeros);
    const struct stek_audit_hit hit = try_and_free(&ticket);

    (void)state;
    assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
    assert_string_equal(hit.key, "all zeros");
    assert_string_equal(hit.cipher, "AES-256-CBC");
    assert_string_equal(hit.mac, "HMAC-SHA1");
    assert_string_equal(hit.mac_key, "all zeros");
}

static void gnutls_key(uint8_t byte, int64_t period, uint8_t ret_key[64])
{
    uint8_t message[72];

    for (int i = 0; i < 8; i++)
        message[i] = (uint8_t)((uint64_t)period >> (56 - 8 * i));
    memset(message + 8, byte, 64);
    assert_int_equal(EVP_Digest(message, sizeof message, ret_key, NULL, EVP_sha3_512(), NULL), 1);
}

static void opens_tickets_of_gnutls_under_rotated_keys_of_a_weak_master(void **state)
{
    (void)state;
    for (int back = 0; back < 2; back++) {
        uint8_t key[64];
        gnutls_key(0, TIME / (3 * LIFETIME) - back, key);
        struct stek_audit_ticket ticket = gnutls_ticket(key, key + 16, key + 48);
        const struct stek_audit_hit hit = try_and_free(&ticket);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.key, "all zeros, as GnuTLS rotates it");
    }
}

static void a_random_master_of_gnutls_opens_nothing(void **state)
{
    uint8_t key[64];

    (void)state;
    assert_int_equal(RAND_bytes(key, sizeof key), 1);
    struct stek_audit_ticket ticket = gnutls_ticket(key, key + 16, key + 48);
    assert_int_equal(try_and_free(&ticket).kind, STEK_AUDIT_HIT_NONE);
}

/* Without the right resumption master secret a known key is not proved. */
static void a_resumption_secret_of_another_session_is_no_proof(void **state)
{
    static const uint8_t zeros[32];
    uint8_t mac[16];

    (void)state;
    assert_int_equal(RAND_bytes(mac, sizeof mac), 1);
    struct stek_audit_ticket ticket = gnutls_ticket(zeros, zeros, mac);
    ticket.secret[0] ^= 1;
    assert_int_equal(try_and_free(&ticket).kind, STEK_AUDIT_HIT_NONE);
}

static void go_key(const char *word, uint8_t ret_hash[64])
{
    uint8_t key[32] = {0};

    memcpy(key, word, strlen(word));
    assert_int_equal(EVP_Digest(key, sizeof key, ret_hash, NULL, EVP_sha512(), NULL), 1);
}

static void opens_tickets_of_go_with_and_without_a_name(void **state)
{
    uint8_t hash[64];

    (void)state;
    go_key("secret", hash);
    for (size_t name_len = 0; name_len <= 16; name_len += 16) {
        const struct seal seal = {.cipher = "AES-128-CTR",
                                  .name_len = name_len,
                                  .mac = "SHA256",
                                  .key = hash + 16,
                                  .mac_key = hash + 32,
                                  .mac_key_len = 16,
                                  .before = 30,
                                  .after = 60};
        struct stek_audit_ticket ticket;
        seal_ticket(&seal, STEK_AUDIT_TLS12, 48, &ticket);
        const struct stek_audit_hit hit = try_and_free(&ticket);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.key, "\"secret\", then zeros, hashed as Go does");
    }
}

static void opens_tickets_of_go_that_hold_the_resumption_secret(void **state)
{
    uint8_t hash[64], plain[90];

    (void)state;
    go_key("changeme", hash);
    const struct seal seal = {.cipher = "AES-128-CTR",
                              .name_len = 16,
                              .mac = "SHA256",
                              .key = hash + 16,
                              .mac_key = hash + 32,
                              .mac_key_len = 16};
    assert_int_equal(RAND_bytes(plain, sizeof plain), 1);
    plain[13] = HASH_LEN;
    struct stek_audit_ticket ticket = session(plain + 14, 0);
    seal_bytes(&seal, plain, sizeof plain, &ticket);
    const struct stek_audit_hit hit = try_and_free(&ticket);
    assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
    assert_string_equal(hit.key, "\"changeme\", then zeros, hashed as Go does");
}

static void hkdf(const uint8_t ikm[32], const uint8_t *info, size_t info_len, uint8_t ret_key[32])
{
    static const uint8_t zeros[32];
    uint8_t prk[32], message[33];
    unsigned len;

    assert_non_null(HMAC(EVP_sha256(), zeros, 32, ikm, 32, prk, &len));
    if (info_len > 0)
        memcpy(message, info, info_len);
    message[info_len] = 1;
    assert_non_null(HMAC(EVP_sha256(), prk, 32, message, info_len + 1, ret_key, &len));
}

static struct stek_audit_ticket s2n_ticket(const uint8_t key[32])
{
    uint8_t aes_key[32], ticket_key[32], info[32];
    struct seal seal = {
        .cipher = "AES-256-GCM", .name_len = 49, .key = ticket_key, .before = 13, .after = 2};
    struct stek_audit_ticket ticket;

    assert_int_equal(RAND_bytes(info, sizeof info), 1);
    hkdf(key, NULL, 0, aes_key);
    hkdf(aes_key, info, sizeof info, ticket_key);
    seal_ticket(&seal, STEK_AUDIT_TLS12, 48, &ticket);
    ticket.bytes[0] = 1;
    memcpy(ticket.bytes + 17, info, sizeof info);
    return ticket;
}

static void opens_tickets_of_s2n_tls(void **state)
{
    /* The key of its tests: RFC 5869 appendix A.1. */
    static const uint8_t key[32] = {0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf,
                                    0x0d, 0xdc, 0x3f, 0x0d, 0xc4, 0x7b, 0xba, 0x63,
                                    0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f, 0x9c, 0x31,
                                    0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5};
    struct stek_audit_ticket ticket = s2n_ticket(key);
    const struct stek_audit_hit hit = try_and_free(&ticket);

    (void)state;
    assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
    assert_string_equal(hit.key,
                        "published in RFC 5869 appendix A.1, PRK, expanded as s2n-tls does");
}

static void a_random_key_of_s2n_tls_opens_nothing(void **state)
{
    uint8_t key[32];

    (void)state;
    assert_int_equal(RAND_bytes(key, sizeof key), 1);
    struct stek_audit_ticket ticket = s2n_ticket(key);
    assert_int_equal(try_and_free(&ticket).kind, STEK_AUDIT_HIT_NONE);
}

/* A nonce of 12 bytes in a field of 16, then a length. */
static void opens_tickets_of_wolfssl(void **state)
{
    static const uint8_t zeros[32];
    static const char *const ciphers[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};

    (void)state;
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        const struct seal seal = {
            .cipher = ciphers[i], .name_len = 16, .gap = 6, .key = zeros, .before = 4, .after = 9};
        uint8_t plain[57] = {3, 4, 0x13, 0x01};
        struct stek_audit_ticket ticket;
        seal_ticket(&seal, STEK_AUDIT_TLS12, 48, &ticket);
        struct stek_audit_hit hit = try_and_free(&ticket);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.cipher, ciphers[i]);
        assert_int_equal(RAND_bytes(plain + 4, sizeof plain - 4), 1);
        ticket = session(plain + 4, 8);
        seal_bytes(&seal, plain, sizeof plain, &ticket);
        hit = try_and_free(&ticket);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_OPENED);
        assert_string_equal(hit.key, "all zeros");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_tickets_of_gnutls_before_its_first_rotation),
        cmocka_unit_test(opens_tickets_of_gnutls_under_rotated_keys_of_a_weak_master),
        cmocka_unit_test(a_random_master_of_gnutls_opens_nothing),
        cmocka_unit_test(a_resumption_secret_of_another_session_is_no_proof),
        cmocka_unit_test(opens_tickets_of_go_with_and_without_a_name),
        cmocka_unit_test(opens_tickets_of_go_that_hold_the_resumption_secret),
        cmocka_unit_test(opens_tickets_of_wolfssl),
        cmocka_unit_test(opens_tickets_of_s2n_tls),
        cmocka_unit_test(a_random_key_of_s2n_tls_opens_nothing),
    };

    return cmocka_run_group_tests(tests, make_dictionary, free_dictionary);
}
