/* SPDX-License-Identifier: Apache-2.0 */
#include "core/label.h"

bool stek_context_label(const char *label, struct stek_context *ret_context)
{
    struct stek_context context = {0};

    if (label == NULL) {
        *ret_context = context;
        return true;
    }
    for (; label[context.len] != '\0'; context.len++) {
        if (context.len == STEK_CONTEXT_MAX || label[context.len] < ' ' || label[context.len] > '~')
            return false;
        context.bytes[context.len] = (uint8_t)label[context.len];
    }
    if (context.len == 0)
        return false;
    *ret_context = context;
    return true;
}
