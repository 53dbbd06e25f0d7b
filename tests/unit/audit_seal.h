/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets as servers of several makes seal them, made here with libcrypto alone. */
#ifndef TESTS_UNIT_AUDIT_SEAL_H
#define TESTS_UNIT_AUDIT_SEAL_H

#include "audit/observation.h"

#include <openssl/evp.h>

struct seal {
    const char *cipher; /* libcrypto's name: `AES-256-CBC`, … */
    size_t name_len;
    size_t gap;         /* bytes between nonce and ciphertext */
    const char *mac;    /* digest of the HMAC at the end; NULL: none */
    const uint8_t *key; /* of the cipher */
    const uint8_t *mac_key;
    size_t mac_key_len;
    const uint8_t *nonce; /* NULL: random */
    size_t nonce_len;     /* 0: the cipher's own */
    bool no_nonce;        /* the nonce is zeros and not in the ticket */
    size_t before;        /* bytes of session before its secret */
    size_t after;
};

/* A session with a random secret of `secret_len` bytes, sealed. The caller frees ret_ticket->bytes.
 */
void seal_ticket(const struct seal *seal, uint16_t version, uint8_t secret_len,
                 struct stek_audit_ticket *ret_ticket);

/* Seals exactly this plaintext. */
void seal_bytes(const struct seal *seal, const uint8_t *plain, size_t len,
                struct stek_audit_ticket *ret_ticket);

#endif
