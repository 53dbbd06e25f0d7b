/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake messages that the audit reads and writes itself, against those of libssl. */
#include "audit_hello.h"
#include "unit.h"

#include "audit/handshake/binder.h"
#include "audit/handshake/session_edit.h"
#include "audit/handshake/wire.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { LEN = 8192, SHA256_SUITE = 0, SHA384_SUITE };

static const char *const suites[2] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"};

static void the_binder_is_the_one_that_libssl_makes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        SSL_SESSION *session = audit_session(TLS1_3_VERSION, suites[i]);
        const EVP_MD *hash = i == SHA256_SUITE ? EVP_sha256() : EVP_sha384();
        const size_t binder_len = (size_t)EVP_MD_get_size(hash);
        uint8_t hello[LEN], psk[64], binder[64];
        const size_t len = audit_client_hello(session, hello, sizeof hello);
        const size_t psk_len = SSL_SESSION_get_master_key(session, psk, sizeof psk);
        assert_true(
            stek_audit_binder(hash, psk, psk_len, hello, len - binder_len - 3, binder, binder_len));
        assert_memory_equal(binder, hello + len - binder_len, binder_len);
        psk[0] ^= 1;
        assert_true(
            stek_audit_binder(hash, psk, psk_len, hello, len - binder_len - 3, binder, binder_len));
        assert_memory_not_equal(binder, hello + len - binder_len, binder_len);
        assert_false(stek_audit_binder(hash, psk, psk_len, hello, len, binder, binder_len - 1));
        SSL_SESSION_free(session);
    }
}

/* Where an extension is in a ClientHello; NULL: nowhere. */
static const uint8_t *extension(const uint8_t *hello, size_t len, unsigned type)
{
    const uint8_t *at = hello + 4 + 2 + 32;

    at += 1 + at[0];
    at += 2 + (at[0] << 8 | at[1]);
    at += 1 + at[0];
    for (at += 2; at + 4 <= hello + len; at += 4 + (at[2] << 8 | at[3]))
        if ((unsigned)(at[0] << 8 | at[1]) == type)
            return at;
    return NULL;
}

static void a_rewritten_hello_offers_psk_ke_alone(void **state)
{
    SSL_SESSION *session = audit_session(TLS1_3_VERSION, suites[0]);
    uint8_t hello[LEN], out[LEN];
    size_t out_len = 0, truncated_len = 0, binder_len = 0;
    const size_t len = audit_client_hello(session, hello, sizeof hello);

    (void)state;
    assert_non_null(extension(hello, len, TLSEXT_TYPE_key_share));
    assert_true(stek_audit_make_psk_only(hello, len, out, &out_len, &truncated_len, &binder_len));
    assert_null(extension(out, out_len, TLSEXT_TYPE_key_share));
    assert_null(extension(out, out_len, TLSEXT_TYPE_supported_groups));
    assert_memory_equal(extension(out, out_len, TLSEXT_TYPE_psk_kex_modes), "\0\x2d\0\2\1\0", 6);
    assert_memory_equal(extension(out, out_len, TLSEXT_TYPE_psk),
                        extension(hello, len, TLSEXT_TYPE_psk), 100);
    assert_int_equal(binder_len, 32);
    assert_int_equal(truncated_len + 3 + binder_len, out_len);
    assert_int_equal((size_t)out[1] << 16 | (size_t)out[2] << 8 | out[3], out_len - 4);
    SSL_SESSION_free(session);
}

/* The last bytes must lie within a block of their own, for sanitizers and valgrind to see a read
 * beyond. */
static void every_shorter_hello_is_refused(void **state)
{
    SSL_SESSION *session = audit_session(TLS1_3_VERSION, suites[0]);
    uint8_t hello[LEN], out[LEN];
    size_t out_len = 77, truncated_len = 0, binder_len = 0;
    const size_t len = audit_client_hello(session, hello, sizeof hello);

    (void)state;
    for (size_t shorter = 0; shorter < len; shorter++) {
        uint8_t *copy = malloc(shorter + 1);
        assert_non_null(copy);
        memcpy(copy, hello, shorter);
        assert_false(
            stek_audit_make_psk_only(copy, shorter, out, &out_len, &truncated_len, &binder_len));
        free(copy);
    }
    assert_int_equal(out_len, 77);
    SSL_SESSION_free(session);
}

/* Session id aa bb, suite 1302, supported_versions 0304, pre_shared_key 0. */
static const uint8_t server_hello13[] = {
    2,    0,    0,  54, 3,  3,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
    15,   16,   17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 2,  0xaa,
    0xbb, 0x13, 2,  0,  0,  12, 0,  43, 0,  2,  3,  4,  0,  41, 0,  2,  0,  0};

static void a_server_hello_tells_version_suite_and_whether_the_psk_was_taken(void **state)
{
    struct stek_audit_server_hello hello = {0};

    (void)state;
    assert_true(stek_audit_read_server_hello(server_hello13, sizeof server_hello13, &hello));
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.cipher, 0x1302);
    assert_true(hello.psk);
    assert_false(hello.key_share);
    assert_false(hello.retry);
    assert_int_equal(hello.sid_len, 2);
}

static void every_shorter_server_hello_is_refused(void **state)
{
    struct stek_audit_server_hello hello = {.cipher = 77};

    (void)state;
    for (size_t len = 0; len < sizeof server_hello13; len++)
        assert_false(stek_audit_read_server_hello(server_hello13, len, &hello));
    assert_int_equal(hello.cipher, 77);
}

static void a_changed_session_offers_another_ticket_lifetime_and_version(void **state)
{
    SSL_SESSION *session = audit_session(TLS1_3_VERSION, suites[0]);
    const struct stek_audit_edit edit = {.ticket = (const uint8_t *)"another ticket",
                                         .ticket_len = 14,
                                         .hint_s = 0x7fffffff,
                                         .version = 0x0303,
                                         .cipher = 0xc02f};
    uint8_t der[LEN], *changed = NULL;
    const unsigned char *ticket = NULL;
    size_t len = 0, ticket_len = 0;

    (void)state;
    const size_t der_len = audit_session_der(session, der, sizeof der);
    assert_int_equal(stek_audit_session_edit(der, der_len, &edit, &changed, &len), STEK_OK);
    const uint8_t *at = changed;
    SSL_SESSION *other = d2i_SSL_SESSION(NULL, &at, (long)len);
    assert_non_null(other);
    SSL_SESSION_get0_ticket(other, &ticket, &ticket_len);
    assert_int_equal(ticket_len, 14);
    assert_memory_equal(ticket, "another ticket", 14);
    assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(other), 0x7fffffff);
    assert_int_equal(SSL_SESSION_get_protocol_version(other), TLS1_2_VERSION);
    assert_int_equal(SSL_CIPHER_get_protocol_id(SSL_SESSION_get0_cipher(other)), 0xc02f);
    free(changed);
    SSL_SESSION_free(other);
    SSL_SESSION_free(session);
}

static void a_session_that_is_left_as_it_is_stays_byte_for_byte(void **state)
{
    SSL_SESSION *session = audit_session(TLS1_2_VERSION, suites[0]);
    const struct stek_audit_edit nothing = {.ticket = NULL};
    uint8_t der[LEN], *same = NULL;
    size_t len = 0;

    (void)state;
    const size_t der_len = audit_session_der(session, der, sizeof der);
    assert_int_equal(stek_audit_session_edit(der, der_len, &nothing, &same, &len), STEK_OK);
    assert_int_equal(len, der_len);
    assert_memory_equal(same, der, len);
    free(same);
    SSL_SESSION_free(session);
}

static void bytes_that_are_no_session_are_refused(void **state)
{
    static const uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x01};
    const struct stek_audit_edit nothing = {.ticket = NULL};
    uint8_t *session = NULL;
    size_t len = 77;

    (void)state;
    for (size_t i = 0; i <= sizeof junk; i++)
        assert_int_equal(stek_audit_session_edit(junk, i, &nothing, &session, &len),
                         STEK_ERR_FORMAT);
    assert_null(session);
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_binder_is_the_one_that_libssl_makes),
        cmocka_unit_test(a_rewritten_hello_offers_psk_ke_alone),
        cmocka_unit_test(every_shorter_hello_is_refused),
        cmocka_unit_test(a_server_hello_tells_version_suite_and_whether_the_psk_was_taken),
        cmocka_unit_test(every_shorter_server_hello_is_refused),
        cmocka_unit_test(a_changed_session_offers_another_ticket_lifetime_and_version),
        cmocka_unit_test(a_session_that_is_left_as_it_is_stays_byte_for_byte),
        cmocka_unit_test(bytes_that_are_no_session_are_refused),
    };

    return cmocka_run_group_tests_name("audit wire", tests, NULL, NULL);
}
