/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/log.h"

#include "journal/journal.h"

void stek_feed_log(int level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    stek_journal_write("stek feed", level, format, arguments);
    va_end(arguments);
}
