/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on standard error of programs that run as services. */
#ifndef STEK_JOURNAL_JOURNAL_H
#define STEK_JOURNAL_JOURNAL_H

#include <stdarg.h>

enum { STEK_JOURNAL_LINE_MAX = 1000 };

/*
 * Writes one line, "PROGRAM: …", at most 1000 bytes long; control characters become '?', so that
 * what came from outside cannot make lines of its own. Where the journal reads standard error, the
 * line begins with its level (sd-daemon(3)). Never waits: where nobody reads, the line is lost, and
 * a later one says how many were. Never give it a secret. For programs of one thread.
 */
void stek_journal_write(const char *program, int level, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
