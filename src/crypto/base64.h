/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), as libcrypto does it. */
#ifndef STEK_CRYPTO_BASE64_H
#define STEK_CRYPTO_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The characters that `len` bytes become, without a zero at the end. */
#define STEK_BASE64_LEN(len) (4 * (((len) + 2) / 3))

/* Writes STEK_BASE64_LEN(len) characters and a zero. Thread-safe. */
void stek_base64_encode(const uint8_t *bytes, size_t len, char *ret_text);

/*
 * Decodes text that stands for exactly `len` bytes, with padding, without white space. `ret_bytes`
 * has room for len + 2 bytes. False: it is anything else; ret_bytes may have been written.
 */
bool stek_base64_decode(const char *text, size_t len, uint8_t *ret_bytes);

#endif
