/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libssl does around a ticket key callback, call by call: construct_stateless_ticket(),
 * tls_decrypt_ticket() and ssl_hmac_new() of OpenSSL 3.0, without the encoding of the session and
 * the message around the ticket.
 */
#include "ticket.h"

#include "reference.h"
#include "timing.h"
#include "tls/attachment.h"
#include "tls/callbacks.h"
#include "tls/handover.h"

#include <openssl/crypto.h>

#include <string.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

const struct bench_way bench_ways[BENCH_WAYS] = {
    [BENCH_WAY_FLOOR] = {"floor", BENCH_FLOOR, false, NULL, NULL},
    [BENCH_WAY_ALLOCATION_HMAC] = {"allocation hmac", BENCH_ALLOCATION, false, NULL, NULL},
    [BENCH_WAY_ALLOCATION_EVP] = {"allocation evp", BENCH_ALLOCATION, true, NULL, NULL},
    [BENCH_WAY_REFERENCE_HMAC] = {"reference hmac", BENCH_REFERENCE, false, reference_hmac_cb,
                                  NULL},
    [BENCH_WAY_REFERENCE_EVP] = {"reference evp", BENCH_REFERENCE, true, NULL, reference_evp_cb},
    [BENCH_WAY_STEK_HMAC] = {"stek hmac", BENCH_STEK, false, stek_ticket_key_hmac_cb, NULL},
    [BENCH_WAY_STEK_EVP] = {"stek evp", BENCH_STEK, true, NULL, stek_ticket_key_evp_cb},
};

/* libssl's SSL_HMAC. */
struct mac {
    EVP_MAC_CTX *evp;
    HMAC_CTX *hmac;
};

static struct mac *mac_new(const struct bench_way *way)
{
    struct mac *mac = OPENSSL_zalloc(sizeof *mac);

    bench_must(mac != NULL, "no memory");
    if (!way->evp) {
        mac->hmac = HMAC_CTX_new();
        return mac;
    }
    EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac->evp = EVP_MAC_CTX_new(method);
    EVP_MAC_free(method);
    return mac;
}

static void mac_free(struct mac *mac)
{
    EVP_MAC_CTX_free(mac->evp);
    HMAC_CTX_free(mac->hmac);
    OPENSSL_free(mac);
}

static void mac_compute(struct mac *mac, const uint8_t *bytes, size_t len,
                        uint8_t ret_tag[EVP_MAX_MD_SIZE])
{
    size_t tag_len = 0;
    unsigned int short_len = 0;

    if (mac->hmac != NULL) {
        bench_must(HMAC_Update(mac->hmac, bytes, len) == 1 &&
                       HMAC_Final(mac->hmac, ret_tag, &short_len) == 1,
                   "HMAC failed");
        return;
    }
    bench_must(EVP_MAC_update(mac->evp, bytes, len) == 1 &&
                   EVP_MAC_final(mac->evp, ret_tag, &tag_len, EVP_MAX_MD_SIZE) == 1,
               "EVP_MAC failed");
}

void bench_libssl_allocate(const struct bench_way *way)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    struct mac *mac = mac_new(way);

    EVP_CIPHER_CTX_free(cipher);
    mac_free(mac);
}

static int call(const struct bench_way *way, SSL *ssl, uint8_t *name, uint8_t *iv,
                EVP_CIPHER_CTX *cipher, struct mac *mac, int enc)
{
    if (!way->evp)
        return way->hmac_cb(ssl, name, iv, cipher, mac->hmac, enc);
    return way->evp_cb(ssl, name, iv, cipher, mac->evp, enc);
}

/*
 * libssl calls the session-ticket callback before, and stek's then leaves word. Without it a ticket
 * counts as one of a program with such callbacks of its own, for which stek takes another way.
 */
static void generated(const SSL *ssl)
{
    (void)stek_handover_generated(stek_attachment_get0(ssl), STEK_GENERATED);
}

void bench_libssl_seal(const struct bench_way *way, SSL *ssl, const uint8_t *state, size_t len,
                       struct bench_ticket *ret_ticket)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    struct mac *mac = mac_new(way);
    uint8_t name[BENCH_NAME_LEN];
    uint8_t iv[EVP_MAX_IV_LENGTH];
    uint8_t tag[EVP_MAX_MD_SIZE];
    uint8_t *body = ret_ticket->bytes + BENCH_HEAD_LEN;
    int first = 0;
    int last = 0;

    if (way->family == BENCH_STEK)
        generated(ssl);
    bench_must(call(way, ssl, name, iv, cipher, mac, 1) == 1, "a callback did not seal");
    memcpy(ret_ticket->bytes, name, BENCH_NAME_LEN);
    memcpy(ret_ticket->bytes + BENCH_NAME_LEN, iv, (size_t)EVP_CIPHER_CTX_get_iv_length(cipher));
    bench_must(EVP_EncryptUpdate(cipher, body, &first, state, (int)len) == 1 &&
                   EVP_EncryptFinal(cipher, body + first, &last) == 1,
               "encryption failed");
    const size_t sealed_len = BENCH_HEAD_LEN + (size_t)first + (size_t)last;
    mac_compute(mac, ret_ticket->bytes, sealed_len, tag);
    memcpy(ret_ticket->bytes + sealed_len, tag, BENCH_MAC_LEN);
    ret_ticket->len = sealed_len + BENCH_MAC_LEN;
    EVP_CIPHER_CTX_free(cipher);
    mac_free(mac);
}

void bench_libssl_open(const struct bench_way *way, SSL *ssl, const struct bench_ticket *ticket,
                       uint8_t ret_state[BENCH_TICKET_MAX])
{
    struct mac *mac = mac_new(way);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    const size_t sealed_len = ticket->len - BENCH_MAC_LEN;
    const uint8_t *body = ticket->bytes + BENCH_HEAD_LEN;
    uint8_t *head = (uint8_t *)(uintptr_t)ticket->bytes;
    uint8_t tag[EVP_MAX_MD_SIZE];
    int first = 0;
    int last = 0;

    bench_must(call(way, ssl, head, head + BENCH_NAME_LEN, cipher, mac, 0) > 0,
               "a callback did not open");
    mac_compute(mac, ticket->bytes, sealed_len, tag);
    bench_must(CRYPTO_memcmp(tag, ticket->bytes + sealed_len, BENCH_MAC_LEN) == 0,
               "a MAC is wrong");
    bench_must(EVP_DecryptUpdate(cipher, ret_state, &first, body,
                                 (int)(sealed_len - BENCH_HEAD_LEN)) == 1 &&
                   EVP_DecryptFinal(cipher, ret_state + first, &last) == 1,
               "decryption failed");
    EVP_CIPHER_CTX_free(cipher);
    mac_free(mac);
}
