/* SPDX-License-Identifier: Apache-2.0 */
#include "status/plain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* An escape sequence of JSON (RFC 8259, section 7): its length, and whether it stands for a control
 * character, those from U+0080 to U+009F among them. */
static size_t escape(const char *at, size_t left, bool *ret_control)
{
    char digits[5] = "";

    *ret_control = left >= 2 && strchr("bfnrt", at[1]) != NULL && at[1] != '\0';
    if (left < 6 || at[1] != 'u')
        return left < 2 ? left : 2;
    memcpy(digits, at + 2, 4);
    const unsigned long code = strtoul(digits, NULL, 16);
    *ret_control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    return 6;
}

/* The same characters as they are: DEL, and in UTF-8 U+0080 to U+009F. */
static size_t control_len(const char *at, size_t left)
{
    const unsigned char first = (unsigned char)at[0];

    if (first == 0x7f)
        return 1;
    return left >= 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0 ? 2 : 0;
}

size_t stek_plain_json(char *line, size_t len)
{
    size_t to = 0;

    for (size_t from = 0; from < len;) {
        bool control = false;
        size_t taken = 1;
        if (line[from] == '\\') {
            taken = escape(line + from, len - from, &control);
        } else {
            const size_t raw = control_len(line + from, len - from);
            control = raw > 0;
            taken = control ? raw : 1;
        }
        if (control)
            line[to++] = '?';
        else
            memmove(line + to, line + from, taken);
        to += control ? 0 : taken;
        from += taken;
    }
    return to;
}
