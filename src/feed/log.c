/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 1000 };

void stek_feed_log(int level, const char *format, ...)
{
    char line[LINE_LEN_MAX + 2];
    va_list arguments;
    int len = 0;

    if (isatty(STDERR_FILENO) == 0)
        len = snprintf(line, sizeof line, "<%d>", level);
    const int words = len + snprintf(line + len, sizeof line - (size_t)len, "stek feed: ");
    va_start(arguments, format);
    (void)vsnprintf(line + words, sizeof line - (size_t)words - 1, format, arguments);
    va_end(arguments);
    size_t end = strlen(line);
    for (char *at = line; at < line + end; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    line[end++] = '\n';
    /* One write: lines of several processes do not mix. A failure cannot be reported. */
    if (write(STDERR_FILENO, line, end) < 0)
        return;
}
