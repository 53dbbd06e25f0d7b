/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/report/html.h"

/* All that comes from servers, from recordings or from the command line passes through here. */
void stek_audit_html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            (void)fputs("&amp;", out);
        else if (*text == '<')
            (void)fputs("&lt;", out);
        else if (*text == '>')
            (void)fputs("&gt;", out);
        else if (*text == '"')
            (void)fputs("&quot;", out);
        else if (*text == '\'')
            (void)fputs("&#39;", out);
        else
            (void)fputc(*text < ' ' || *text > '~' ? '?' : *text, out);
    }
}
