/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC with a key that is set once and used often. hmac11.c takes hmac.c's place on OpenSSL 1.1.1.
 */
#ifndef STEK_AUDIT_HMAC_H
#define STEK_AUDIT_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stek_audit_hmac;

/* NULL: libcrypto has no such digest, or no memory. The caller frees it. */
struct stek_audit_hmac *stek_audit_hmac_new(const char *digest, const uint8_t *key, size_t len);

/* `ret_tag` has room for EVP_MAX_MD_SIZE bytes. Returns false when libcrypto fails. */
bool stek_audit_hmac_tag(struct stek_audit_hmac *hmac, const uint8_t *bytes, size_t len,
                         uint8_t *ret_tag, size_t *ret_tag_len);

void stek_audit_hmac_free(struct stek_audit_hmac *hmac);

#endif
