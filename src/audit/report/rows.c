/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report/rows.h"

#include "audit/judge/judge.h"

#include <stdio.h>
#include <time.h>

struct stek_audit_tally stek_audit_tally(const struct stek_audit_findings *findings)
{
    struct stek_audit_tally tally = {{0}};

    for (size_t i = 0; i < findings->len; i++)
        tally.count[findings->items[i].severity]++;
    return tally;
}

struct stek_audit_date stek_audit_date(int64_t seconds)
{
    struct stek_audit_date text = {"-"};
    const time_t at = (time_t)seconds;
    struct tm parts;

    if (gmtime_r(&at, &parts) == NULL ||
        strftime(text.at, sizeof text.at, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        return (struct stek_audit_date){"-"};
    return text;
}

struct stek_audit_hex stek_audit_hex(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    struct stek_audit_hex text = {""};

    for (size_t i = 0; i < len && 2 * i + 2 < sizeof text.at; i++) {
        text.at[2 * i] = digits[bytes[i] >> 4];
        text.at[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

const char *stek_audit_cell_word(int verdict)
{
    switch (verdict) {
    case STEK_AUDIT_CELL_REFUSED:
        return "refused";
    case STEK_AUDIT_CELL_ORDINARY:
        return "ordinary";
    case STEK_AUDIT_CELL_FLAW:
        return "flaw";
    default:
        return "not-tried";
    }
}
