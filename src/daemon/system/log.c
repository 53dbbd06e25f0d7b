/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 1000, TRIES_MAX = 3 };

/* systemd.exec(5), $JOURNAL_STREAM: device and inode of the journal's end. Whoever started us may
 * have sent standard error elsewhere since. */
static bool journal_reads(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat status;

    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    (void)snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(own, stream) == 0;
}

void stek_log(enum stek_log_level level, const char *format, ...)
{
    char line[LINE_LEN_MAX + 2];
    va_list arguments;
    int begin = 0;

    if (journal_reads())
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
