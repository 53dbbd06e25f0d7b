/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd tells its operator: lines on standard error, with levels that systemd reads
 * (sd-daemon(3)). */
#ifndef STEK_DAEMON_LOG_H
#define STEK_DAEMON_LOG_H

enum stek_log_level {
    STEK_LOG_ERROR = 3,   /* something does not work */
    STEK_LOG_WARNING = 4, /* something works less well than it should */
    STEK_LOG_NOTICE = 5,  /* something happened that an operator wants to find later */
    STEK_LOG_INFO = 6     /* all is as asked for */
};

/* Writes one line: journal/journal.h. Never give it a secret. */
void stek_log(enum stek_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
