/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report/rows.h"

#include <stdio.h>
#include <string.h>

void stek_audit_wrapped(FILE *out, size_t column, size_t indent, const char *text)
{
    bool first = true;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!first && column + 1 + len > STEK_AUDIT_COLUMNS) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            (void)fputc(' ', out);
            column++;
        }
        if (len > STEK_AUDIT_COLUMNS - column)
            len = STEK_AUDIT_COLUMNS - column;
        (void)fwrite(text, 1, len, out);
        column += len;
        text += len;
        if (*text != ' ' && *text != '\0') {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
            continue;
        }
        text += strspn(text, " ");
        first = false;
    }
    (void)fputc('\n', out);
}
