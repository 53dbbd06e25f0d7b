/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek feed` tells its operator: lines on standard error, with levels that systemd reads
 * (sd-daemon(3)). */
#ifndef STEK_FEED_LOG_H
#define STEK_FEED_LOG_H

enum { STEK_FEED_ERROR = 3, STEK_FEED_WARNING = 4, STEK_FEED_NOTICE = 5, STEK_FEED_INFO = 6 };

/* Writes one line: journal/journal.h. Never give it a secret. */
void stek_feed_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
