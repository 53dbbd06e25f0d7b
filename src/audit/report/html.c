/* SPDX-License-Identifier: Apache-2.0 */
/* The report as one page that needs nothing else: no script, no font, no picture from elsewhere. */
#include "audit/judge/judge.h"
#include "audit/judge/judging.h"
#include "audit/report/report.h"
#include "audit/report/html.h"
#include "audit/report/profile.h"
#include "audit/report/rows.h"
#include "core/plural.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<title>Session tickets: ";
static const char style[] =
    "</title>\n<style>\n"
    ":root{color-scheme:light "
    "dark;--line:#8884;--critical:#b00020;--high:#d9480f;--medium:#a87900;--low:#1971c2;"
    "--info:#868e96}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}h3{font-size:1rem;margin:0}\n"
    "code,.mono{font-family:ui-monospace,monospace;font-size:.9em}\n"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid var(--line);padding:.3rem .6rem;text-align:left}\n"
    ".finding{border:1px solid var(--line);border-left:.4rem solid "
    "var(--c);border-radius:.3rem;padding:.7rem 1rem;"
    "margin:.8rem 0}\n"
    ".finding dl{display:grid;grid-template-columns:4rem 1fr;gap:.2rem .8rem;margin:.5rem 0 "
    "0}.finding dd{margin:0;"
    "overflow-wrap:anywhere}dt{opacity:.7}\n"
    ".badge{color:#fff;background:var(--c);border-radius:.2rem;padding:.05rem "
    ".45rem;font-size:.85em}\n"
    ".critical{--c:var(--critical)}.high{--c:var(--high)}.medium{--c:var(--medium)}.low{--c:var(--"
    "low)}"
    ".info{--c:var(--info)}\n"
    ".fate{border:1px solid;border-radius:.2rem;padding:0 .35rem;font-size:.85em;opacity:.8}\n"
    "td.flaw{background:#b0002033}td.ordinary{background:#2f9e4422}\n"
    ".profile :is(td,th):nth-child(-n+3){white-space:nowrap}\n"
    "details{margin:1.5rem 0}summary{cursor:pointer}\n"
    /* On paper nothing can be unfolded or scrolled, and colours may be missing. */
    "@media print{:root{color-scheme:light}body{margin:0;max-width:none;font-size:10.5pt}"
    "details::details-content{content-visibility:visible;block-size:auto}"
    "table{display:table;width:100%;overflow:visible;font-size:.9em}td,th{overflow-wrap:break-word}"
    ".finding,tr,svg{break-inside:avoid}h2,h3,h2+p,summary{break-after:avoid}"
    ".badge{color:#000;background:none;border:1px solid #000}}\n"
    "svg{max-width:100%;height:auto}svg text{font:11px ui-monospace,monospace;fill:currentColor}\n"
    "</style>\n</head>\n<body>\n";

static void print_part(FILE *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    (void)fprintf(out, "<dt>%s</dt><dd>", name);
    stek_audit_html_text(out, text);
    (void)fputs("</dd>\n", out);
}

/* `fate`: `new`, `unchanged`, `gone`, …, or NULL. */
static void print_finding(FILE *out, const struct stek_audit_observation *obs,
                          const struct stek_audit_finding *finding, const char *fate)
{
    const struct stek_audit_id_info *info = stek_audit_id_info(finding->id);
    const struct stek_audit_explanation words = stek_audit_explain(finding->id, finding->version);
    const char *severity = stek_audit_severity_name(finding->severity);

    (void)fprintf(
        out,
        "<article class=\"finding %s\" data-id=\"%s\">\n<h3><span class=\"badge\">%s</span> "
        "<code>%s</code> ",
        severity, info->name, severity, info->name);
    stek_audit_html_text(out, info->title);
    if (fate != NULL)
        (void)fprintf(out, " <span class=\"fate\">%s</span>", fate);
    (void)fputs("</h3>\n<dl>\n", out);
    if (finding->target != STEK_AUDIT_NONE)
        print_part(out, "target", stek_audit_label(obs, finding->target).at);
    if (finding->other != STEK_AUDIT_NONE)
        print_part(out, "from", stek_audit_label(obs, finding->other).at);
    if (finding->version != 0)
        print_part(out, "version", stek_audit_version_name(finding->version));
    print_part(out, "seen", finding->observed);
    print_part(out, "why", words.why);
    print_part(out, "source", words.reference);
    print_part(out, "do", words.advice);
    (void)fputs("</dl>\n</article>\n", out);
}

/* What wants something done comes first; what is only worth knowing is folded. */
static void print_findings(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_findings *findings = report->findings;
    const uint32_t infos = stek_audit_tally(findings).count[STEK_AUDIT_INFO];

    for (size_t i = 0; i < findings->len - infos; i++)
        print_finding(out, report->obs, &findings->items[i], stek_audit_fate_of(report->since, i));
    if (findings->len == infos)
        (void)fputs("<p>Nothing was found that needs mending.</p>\n", out);
    if (infos == 0)
        return;
    (void)fprintf(out, "<details><summary>For information: %u</summary>\n", (unsigned)infos);
    for (size_t i = findings->len - infos; i < findings->len; i++)
        print_finding(out, report->obs, &findings->items[i], NULL);
    (void)fputs("</details>\n", out);
}

/* Findings of the earlier audit that this one does not have. */
static void print_former(FILE *out, const struct stek_audit_since *since, enum stek_audit_fate fate,
                         const char *title)
{
    if (since == NULL || since->count[fate] == 0)
        return;
    (void)fprintf(out, "<h2>%s</h2>\n", title);
    for (size_t i = 0; i < since->findings->len; i++)
        if (since->then[i] == fate)
            print_finding(out, since->obs, &since->findings->items[i], stek_audit_fate_name(fate));
}

static void print_top(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_observation *obs = report->obs;
    const struct stek_audit_findings *findings = report->findings;
    const struct stek_audit_tally tally = stek_audit_tally(findings);

    const struct stek_audit_text verdict = stek_audit_verdict(obs, findings);

    (void)fputs(head, out);
    stek_audit_html_text(out, verdict.at);
    (void)fputs(style, out);
    (void)fputs("<h1>Audit of session tickets</h1>\n<p id=\"verdict\"><strong>", out);
    stek_audit_html_text(out, verdict.at);
    (void)fputs("</strong></p>\n", out);
    if (report->since != NULL)
        (void)fprintf(out, "<p id=\"since\">%s</p>\n", stek_audit_since_sentence(report->since).at);
    (void)fprintf(out, "<p>%s to %s UTC: %zu %s, %zu %s%s.</p>\n<p>",
                  stek_audit_date(obs->started).at, stek_audit_date(obs->ended).at,
                  obs->handshakes_len, stek_plural(obs->handshakes_len, "handshake", "handshakes"),
                  obs->tickets_len, stek_plural(obs->tickets_len, "ticket", "tickets"),
                  obs->interrupted ? "; stopped early" : "");
    for (int i = STEK_AUDIT_SEVERITIES; i-- > 0;) {
        const char *name = stek_audit_severity_name((enum stek_audit_severity)i);
        (void)fprintf(out, "<span class=\"badge %s\">%u %s</span> ", name, (unsigned)tally.count[i],
                      name);
    }
    (void)fputs("</p>\n<h2>Targets</h2>\n<ol>\n", out);
    for (uint32_t i = 0; i < obs->targets_len; i++) {
        (void)fputs("<li class=\"mono\">", out);
        stek_audit_html_text(out, stek_audit_label(obs, i).at);
        (void)fputs("</li>\n", out);
    }
    (void)fputs("</ol>\n", out);
}

static void print_cell(FILE *out, const struct stek_audit_cell *cell)
{
    (void)fprintf(out, "<td class=\"%s\">", stek_audit_cell_word((int)cell->verdict));
    if (cell->tried > 0)
        (void)fprintf(out, "%u of %u%s", (unsigned)cell->resumed, (unsigned)cell->tried,
                      cell->verdict == STEK_AUDIT_CELL_FLAW ? " (flaw)" : "");
    else
        (void)fputs("not tried", out);
    (void)fputs(cell->same_key_name && cell->from != cell->to ? "<br>same key name</td>" : "</td>",
                out);
}

static enum stek_result print_matrix(FILE *out, const struct stek_audit_observation *obs)
{
    struct stek_audit_cell *cells;
    const size_t n = obs->targets_len;

    if (n < 2)
        return STEK_OK;
    if (stek_audit_find_matrix(obs, &cells) != STEK_OK)
        return STEK_ERR_MEMORY;
    (void)fputs("<h2>Who takes whose tickets</h2>\n<p>Resumed of tried. A flaw is a resumption "
                "where a full handshake "
                "under the same name would have ended otherwise.</p>\n<table "
                "id=\"matrix\">\n<tr><th>issued by \\ "
                "offered to</th>",
                out);
    for (size_t to = 0; to < n; to++)
        (void)fprintf(out, "<th>%zu</th>", to + 1);
    (void)fputs("</tr>\n", out);
    for (size_t from = 0; from < n; from++) {
        (void)fprintf(out, "<tr><th>%zu: ", from + 1);
        stek_audit_html_text(out, stek_audit_label(obs, (uint32_t)from).at);
        (void)fputs("</th>", out);
        for (size_t to = 0; to < n; to++)
            print_cell(out, &cells[from * n + to]);
        (void)fputs("</tr>\n", out);
    }
    (void)fputs("</table>\n", out);
    free(cells);
    return STEK_OK;
}

enum stek_result stek_audit_report_html(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_observation *obs = report->obs;
    print_top(out, report);
    (void)fputs("<h2>Findings</h2>\n", out);
    print_findings(out, report);
    print_former(out, report->since, STEK_AUDIT_GONE, "Gone since the earlier audit");
    print_former(out, report->since, STEK_AUDIT_NOT_LOOKED,
                 "Found by the earlier audit, not looked for now");
    if (report->profile != NULL)
        stek_audit_profile_html(out, obs, report->profile);
    enum stek_result result = print_matrix(out, obs);
    if (result == STEK_OK)
        result = stek_audit_html_timeline(out, obs);
    if (result != STEK_OK)
        return result;
    (void)fputs("<footer><p>stek " STEK_VERSION "</p></footer>\n</body>\n</html>\n", out);
    return ferror(out) ? STEK_ERR_SYSTEM : STEK_OK;
}
