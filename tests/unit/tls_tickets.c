/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_tickets.h"

#include "tls/context/context.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* The ticket's field in libssl's SSL_SESSION: [10] EXPLICIT OCTET STRING (ssl/ssl_asn1.c). */
enum {
    TICKET_TAG = 10,
    OVERHEAD_MAX = 64,
    IV_LEN = 16,
    MAC_LEN = 32,
    HEAD_LEN = STEK_NAME_LEN + IV_LEN
};

const uint8_t *tls_ticket_bytes(const SSL_SESSION *session, size_t *ret_len)
{
    const unsigned char *ticket = NULL;

    SSL_SESSION_get0_ticket(session, &ticket, ret_len);
    assert_non_null(ticket);
    return ticket;
}

bool tls_same_key(const SSL_SESSION *a, const SSL_SESSION *b)
{
    size_t len_a;
    size_t len_b;
    const uint8_t *ticket_a = tls_ticket_bytes(a, &len_a);
    const uint8_t *ticket_b = tls_ticket_bytes(b, &len_b);

    assert_true(len_a >= STEK_NAME_LEN && len_b >= STEK_NAME_LEN);
    return memcmp(ticket_a, ticket_b, STEK_NAME_LEN) == 0;
}

static void put_bytes(unsigned char **at, const void *bytes, size_t len)
{
    memcpy(*at, bytes, len);
    *at += len;
}

static void put_ticket(unsigned char **at, const uint8_t *ticket, size_t len)
{
    const int inner = ASN1_object_size(0, (int)len, V_ASN1_OCTET_STRING);

    ASN1_put_object(at, 1, inner, TICKET_TAG, V_ASN1_CONTEXT_SPECIFIC);
    ASN1_put_object(at, 0, (int)len, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL);
    put_bytes(at, ticket, len);
}

/* Copies the fields of a session's SEQUENCE with another ticket; returns how many bytes that took.
 */
static size_t copy_fields(const unsigned char *from, const unsigned char *end,
                          const uint8_t *ticket, size_t len, unsigned char *to)
{
    unsigned char *at = to;

    while (from < end) {
        const unsigned char *field = from;
        long field_len;
        int tag;
        int class;
        assert_int_equal(ASN1_get_object(&from, &field_len, &tag, &class, end - from) & 0x80, 0);
        from += field_len;
        if (class == V_ASN1_CONTEXT_SPECIFIC && tag == TICKET_TAG)
            put_ticket(&at, ticket, len);
        else
            put_bytes(&at, field, (size_t)(from - field));
    }
    return (size_t)(at - to);
}

SSL_SESSION *tls_with_ticket(struct tls_test *test, const SSL_SESSION *session,
                             const uint8_t *ticket, size_t len)
{
    unsigned char *der = NULL;
    const int der_len = i2d_SSL_SESSION(session, &der);
    const unsigned char *from = der;
    long fields_len;
    int tag;
    int class;

    assert_true(der_len > 0);
    assert_int_equal(ASN1_get_object(&from, &fields_len, &tag, &class, der_len) & 0x80, 0);
    unsigned char *fields = malloc((size_t)der_len + len + OVERHEAD_MAX);
    unsigned char *whole = malloc((size_t)der_len + len + OVERHEAD_MAX);
    assert_true(fields != NULL && whole != NULL);
    fields_len = (long)copy_fields(from, from + fields_len, ticket, len, fields);
    unsigned char *at = whole;
    ASN1_put_object(&at, 1, (int)fields_len, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    put_bytes(&at, fields, (size_t)fields_len);
    from = whole;
    SSL_SESSION *changed = d2i_SSL_SESSION(NULL, &from, at - whole);
    assert_non_null(changed);
    free(fields);
    free(whole);
    OPENSSL_free(der);
    return tls_keep(test, changed);
}

struct stek_ticket_key tls_active_key(const struct stek_ring *ring, SSL_CTX *server)
{
    struct stek_ring_state state;
    struct stek_context context;
    struct stek_ticket_key key;
    uint64_t generation;

    assert_int_equal(stek_image_read(&ring->shared->image, &state, &generation), STEK_OK);
    const int active = stek_records_active(&state.records, tls_clock_now());
    assert_true(active >= 0);
    assert_int_equal(stek_context_auto(server, &context), STEK_OK);
    assert_int_equal(stek_derive_ticket_key(&state.records.at[active].secret, &context, &key),
                     STEK_OK);
    return key;
}

static void compute_mac(const struct stek_ticket_key *key, const uint8_t *bytes, size_t len,
                        uint8_t ret_mac[MAC_LEN])
{
    assert_non_null(
        HMAC(EVP_sha256(), key->hmac_key, sizeof key->hmac_key, bytes, len, ret_mac, NULL));
}

/* name[16] iv[16] AES-256-CBC(state) HMAC-SHA256[32], the MAC over all that is before it. */
void tls_ticket_open(const SSL_SESSION *session, const struct stek_ticket_key *key,
                     struct tls_state *ret_state)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t mac[MAC_LEN];
    size_t len;
    const uint8_t *ticket = tls_ticket_bytes(session, &len);
    int first = 0;
    int last = 0;

    assert_true(len > HEAD_LEN + MAC_LEN && len <= sizeof ret_state->bytes);
    assert_memory_equal(ticket, key->name, STEK_NAME_LEN);
    compute_mac(key, ticket, len - MAC_LEN, mac);
    assert_memory_equal(ticket + len - MAC_LEN, mac, MAC_LEN);
    assert_int_equal(
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, ticket + STEK_NAME_LEN),
        1);
    assert_int_equal(EVP_DecryptUpdate(cipher, ret_state->bytes, &first, ticket + HEAD_LEN,
                                       (int)(len - HEAD_LEN - MAC_LEN)),
                     1);
    assert_int_equal(EVP_DecryptFinal_ex(cipher, ret_state->bytes + first, &last), 1);
    ret_state->len = (size_t)first + (size_t)last;
    EVP_CIPHER_CTX_free(cipher);
}

size_t tls_ticket_seal(const struct tls_state *state, const struct stek_ticket_key *key,
                       const uint8_t iv[16], uint8_t ret_ticket[4096])
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int first = 0;
    int last = 0;

    memcpy(ret_ticket, key->name, STEK_NAME_LEN);
    memcpy(ret_ticket + STEK_NAME_LEN, iv, IV_LEN);
    assert_int_equal(EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv), 1);
    assert_int_equal(
        EVP_EncryptUpdate(cipher, ret_ticket + HEAD_LEN, &first, state->bytes, (int)state->len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(cipher, ret_ticket + HEAD_LEN + first, &last), 1);
    EVP_CIPHER_CTX_free(cipher);
    const size_t len = HEAD_LEN + (size_t)first + (size_t)last;
    compute_mac(key, ret_ticket, len, ret_ticket + len);
    return len + MAC_LEN;
}

size_t tls_ticket_cut(uint8_t *ticket, size_t len, size_t count, const struct stek_ticket_key *key)
{
    assert_true(len > HEAD_LEN + MAC_LEN + count);
    compute_mac(key, ticket, len - MAC_LEN - count, ticket + len - MAC_LEN - count);
    return len - count;
}

long tls_ticket_timeout_s(const SSL_SESSION *session, const struct stek_ticket_key *key)
{
    struct tls_state state;
    const unsigned char *at = state.bytes;

    tls_ticket_open(session, key, &state);
    SSL_SESSION *sealed = d2i_SSL_SESSION(NULL, &at, (long)state.len);
    assert_non_null(sealed);
    const long timeout_s = SSL_SESSION_get_timeout(sealed);
    SSL_SESSION_free(sealed);
    return timeout_s;
}
