/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket key callback of SSL_CTX_set_tlsext_ticket_key_cb(3), made to work: what stek is
 * measured against. */
#ifndef TESTS_BENCH_REFERENCE_H
#define TESTS_BENCH_REFERENCE_H

#include <openssl/ssl.h>

#include <stddef.h>

enum { REFERENCE_KEYS_MAX = 64 };

/* Makes all the keys. */
void reference_make_keys(void);

/* Works with the first `count` of them from now on, and seals with `current`. */
void reference_use(size_t count, size_t current_index);

int reference_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      HMAC_CTX *mac, int enc);
int reference_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int enc);

#endif
