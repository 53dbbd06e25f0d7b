/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <string.h>

enum { HEX_MAX = 1024 };

static uint8_t nibble(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

    if (found == NULL)
        fail_msg("not a lower-case hexadecimal digit: '%c'", digit);
    return (uint8_t)(found - digits);
}

size_t hex_read(const char *text, uint8_t *ret_bytes, size_t room)
{
    const size_t len = strlen(text) / 2;

    assert_int_equal(strlen(text) % 2, 0);
    assert_true(len <= room);
    for (size_t i = 0; i < len; i++)
        ret_bytes[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return len;
}

void assert_hex_equal(const uint8_t *bytes, size_t len, const char *text)
{
    uint8_t expected[HEX_MAX];

    assert_int_equal(hex_read(text, expected, sizeof expected), len);
    assert_memory_equal(bytes, expected, len);
}
