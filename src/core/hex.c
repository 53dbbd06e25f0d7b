/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hex.h"

void stek_hex_digits(const uint8_t *bytes, size_t len, char *ret_digits)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        ret_digits[2 * i] = digits[bytes[i] >> 4];
        ret_digits[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void stek_hex_text(const uint8_t *bytes, size_t len, char *ret_text)
{
    stek_hex_digits(bytes, len, ret_text);
    ret_text[2 * len] = '\0';
}

static int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool stek_hex_read(const char *digits, size_t len, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < len; i++) {
        const int high = value_of(digits[2 * i]);
        const int low = value_of(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
