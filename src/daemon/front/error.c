/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/control.h"

#include <stdarg.h>
#include <stdio.h>

json_t *stek_control_error(const char *kind, const char *format, ...)
{
    char words[400];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return json_pack("{s:b, s:s, s:s}", "ok", 0, "kind", kind, "error", words);
}
