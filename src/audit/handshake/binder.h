/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that a TLS 1.3 client knows the PSK it offers. */
#ifndef STEK_AUDIT_BINDER_H
#define STEK_AUDIT_BINDER_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ossl_typ.h>

/*
 * The binder of a resumption PSK over the truncated ClientHello (RFC 9846 sections 4.2.11.2
 * and 7.1), with the hash of the session's suite; `len` is that hash's length. Returns false when
 * it is not, or when libcrypto fails.
 */
bool stek_audit_binder(const EVP_MD *hash, const uint8_t *psk, size_t psk_len,
                       const uint8_t *truncated, size_t truncated_len, uint8_t *ret_binder,
                       size_t len);

#endif
