/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hexadecimal digits in lower case, and back. Pure. */
#ifndef STEK_CORE_HEX_H
#define STEK_CORE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * len digits, without a zero byte at the end. */
void stek_hex_digits(const uint8_t *bytes, size_t len, char *ret_digits);

/* The same, with a zero byte at the end: 2 * len + 1 characters. */
void stek_hex_text(const uint8_t *bytes, size_t len, char *ret_text);

/*
 * Reads 2 * len digits into len bytes. Returns false, with part of the bytes written, when one is
 * not a digit of 0-9 a-f.
 */
bool stek_hex_read(const char *digits, size_t len, uint8_t *ret_bytes);

#endif
