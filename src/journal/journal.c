/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_MAX_LEN = STEK_JOURNAL_LINE_MAX, TRIES_MAX = 3 };

static unsigned unwritten; /* lines since the last one that somebody had room for */

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

/* A reader that stands still, as a stopped journal does, must not hold the program up. */
static bool has_room(void)
{
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&reader, 1, 0) != 0;
}

/* One write: lines of several processes do not mix. A failure that passes does not lose the line;
 * another one cannot be reported. */
static void put_line(const char *line, size_t len)
{
    for (int tries = 0; tries < TRIES_MAX; tries++)
        if (write(STDERR_FILENO, line, len) >= 0)
            return;
}

__attribute__((format(printf, 3, 0))) static void write_line(const char *program, int level,
                                                             const char *format, va_list arguments)
{
    char line[LINE_MAX_LEN + 2];
    int begin = 0;

    if (journal_reads())
        begin = snprintf(line, sizeof line, "<%d>", level);
    const int words = begin + snprintf(line + begin, sizeof line - (size_t)begin, "%s: ", program);
    int end = words + vsnprintf(line + words, LINE_MAX_LEN + 1 - (size_t)words, format, arguments);
    if (end > LINE_MAX_LEN)
        end = LINE_MAX_LEN;
    for (char *at = line; at < line + end; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    line[end] = '\n';
    put_line(line, (size_t)end + 1);
}

__attribute__((format(printf, 2, 3))) static void say(const char *program, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(program, LOG_WARNING, format, arguments);
    va_end(arguments);
}

void stek_journal_write(const char *program, int level, const char *format, va_list arguments)
{
    if (!has_room()) {
        unwritten++;
        return;
    }
    if (unwritten > 0) {
        say(program, "%u line%s of this log could not be written: nobody read standard error",
            unwritten, unwritten == 1 ? "" : "s");
        unwritten = 0;
    }
    if (has_room())
        write_line(program, level, format, arguments);
    else
        unwritten++;
}
