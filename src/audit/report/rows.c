/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report/rows.h"
#include "core/hex.h"

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
    struct stek_audit_hex text = {""};
    const size_t room = (sizeof text.at - 1) / 2;

    stek_hex_text(bytes, len < room ? len : room, text.at);
    return text;
}

json_t *stek_audit_json_text(const char *bytes)
{
    char copy[2048];
    size_t len = 0;

    for (; bytes[len] != '\0' && len + 1 < sizeof copy; len++)
        copy[len] = (char)(bytes[len] < ' ' || bytes[len] > '~' ? '?' : bytes[len]);
    copy[len] = '\0';
    return json_string(copy);
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
