/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/lines.h"

bool stek_lines_take(struct stek_lines *lines, int64_t now_ms, uint64_t *ret_left_out)
{
    for (; lines->count > 0 && now_ms - lines->since_ms >= STEK_LINE_EVERY_MS; lines->count--)
        lines->since_ms += STEK_LINE_EVERY_MS;
    if (lines->count == 0)
        lines->since_ms = now_ms;
    if (lines->count >= STEK_LINES_MAX) {
        lines->left_out++;
        return false;
    }
    lines->count++;
    *ret_left_out = lines->left_out;
    lines->left_out = 0;
    return true;
}
