/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 1000, TRIES_MAX = 3 };

void stek_log(enum stek_log_level level, const char *format, ...)
{
    char line[LINE_LEN_MAX + 2];
    va_list arguments;
    int begin = 0;

    if (isatty(STDERR_FILENO) == 0)
        begin = snprintf(line, sizeof line, "<%d>", (int)level);
    const int words = begin + snprintf(line + begin, sizeof line - (size_t)begin, "stekd: ");
    va_start(arguments, format);
    int end = words + vsnprintf(line + words, LINE_LEN_MAX + 1 - (size_t)words, format, arguments);
    va_end(arguments);
    if (end > LINE_LEN_MAX)
        end = LINE_LEN_MAX;
    for (char *at = line; at < line + end; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    line[end] = '\n';
    /* One write: lines of several processes do not mix. A failure that passes does not lose the
     * line; another one cannot be reported. */
    for (int tries = 0; tries < TRIES_MAX; tries++)
        if (write(STDERR_FILENO, line, (size_t)end + 1) >= 0)
            return;
}
