/* SPDX-License-Identifier: Apache-2.0 */
/* How servers derive ticket keys from others. Each returns false when libcrypto fails. */
#ifndef STEK_AUDIT_DERIVATIONS_H
#define STEK_AUDIT_DERIVATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_AUDIT_DERIVED_LEN = 32 };

bool stek_audit_hmac_sha256(const uint8_t *under, size_t under_len, const uint8_t *message,
                            size_t len, uint8_t ret_tag[STEK_AUDIT_DERIVED_LEN]);

/* HKDF without a salt, one block of output (RFC 5869); `info_len` is at most 32. */
bool stek_audit_expand(const uint8_t prk[STEK_AUDIT_DERIVED_LEN], const uint8_t *info,
                       size_t info_len, uint8_t ret_key[STEK_AUDIT_DERIVED_LEN]);

/* The PRK under which s2n-tls expands a ticket key for each ticket. */
bool stek_audit_s2n_prk(const uint8_t ikm[STEK_AUDIT_DERIVED_LEN],
                        uint8_t ret_prk[STEK_AUDIT_DERIVED_LEN]);

#endif
