/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/log.h"

#include "journal/journal.h"

void stek_log(enum stek_log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    stek_journal_write("stekd", (int)level, format, arguments);
    va_end(arguments);
}
