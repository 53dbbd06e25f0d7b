/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as test vectors write them. */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include "unit.h"

/* Reads pairs of hexadecimal digits into at most `room` bytes and returns how many; fails the test
 * on anything else. */
size_t hex_read(const char *text, uint8_t *ret_bytes, size_t room);

/* Fails the test unless `bytes` are exactly what `text` says. */
void assert_hex_equal(const uint8_t *bytes, size_t len, const char *text);

#endif
