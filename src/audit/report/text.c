/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: at most 80 columns, colour only where the caller says so. */
#include "audit/judge/judge.h"
#include "audit/judge/judging.h"
#include "audit/report/profile.h"
#include "audit/report/report.h"
#include "audit/report/rows.h"
#include "core/plural.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = STEK_AUDIT_COLUMNS, INDENT = 10, NAMES_SHOWN = 12 };

struct page {
    FILE *out;
    bool colour;
    const struct stek_audit_since *since; /* NULL: not compared */
};

static const char *colour_of(const struct page *page, enum stek_audit_severity severity)
{
    static const char *const codes[STEK_AUDIT_SEVERITIES] = {"\033[2m", "\033[36m", "\033[33m",
                                                             "\033[31m", "\033[1;31m"};

    return page->colour ? codes[severity] : "";
}

static const char *plain(const struct page *page)
{
    return page->colour ? "\033[0m" : "";
}

static void print_part(FILE *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    (void)fprintf(out, "  %-8s", name);
    stek_audit_wrapped(out, INDENT, INDENT, text);
}

static void add_whom(struct stek_audit_text *text, const struct stek_audit_observation *obs,
                     const struct stek_audit_finding *finding)
{
    if (finding->target != STEK_AUDIT_NONE)
        stek_audit_text_add(text, "  %s", stek_audit_label(obs, finding->target).at);
    if (finding->other != STEK_AUDIT_NONE)
        stek_audit_text_add(text, " from %s", stek_audit_label(obs, finding->other).at);
    if (finding->version != 0)
        stek_audit_text_add(text, "  %s", stek_audit_version_name(finding->version));
}

/* `fate`: `new` or `unchanged`, or NULL. */
static void print_finding(const struct page *page, const struct stek_audit_observation *obs,
                          const struct stek_audit_finding *finding, const char *fate)
{
    const struct stek_audit_id_info *info = stek_audit_id_info(finding->id);
    const struct stek_audit_explanation words = stek_audit_explain(finding->id, finding->version);
    struct stek_audit_text whom = {.len = 0};
    struct stek_audit_text why = {.len = 0};

    (void)fprintf(page->out, "\n%s%-8s%s  %s", colour_of(page, finding->severity),
                  stek_audit_severity_name(finding->severity), plain(page), info->name);
    add_whom(&whom, obs, finding);
    if (fate != NULL)
        stek_audit_text_add(&whom, "  (%s)", fate);
    if (INDENT + strlen(info->name) + whom.len > COLUMNS) {
        (void)fputc('\n', page->out);
        print_part(page->out, "at", whom.at + 2);
    } else {
        (void)fprintf(page->out, "%s\n", whom.at);
    }
    print_part(page->out, "what", info->title);
    print_part(page->out, "seen", finding->observed);
    stek_audit_text_add(&why, "%s (%s)", words.why, words.reference);
    print_part(page->out, "why", why.at);
    print_part(page->out, "do", words.advice);
}

/* Two lines, the first of which begins with `severity` if that is not "". */
static void print_short(const struct page *page, const struct stek_audit_observation *obs,
                        const struct stek_audit_finding *finding, const char *severity)
{
    struct stek_audit_text text = {.len = 0};

    stek_audit_text_add(&text, "%s%s%s", severity, severity[0] != '\0' ? "  " : "",
                        stek_audit_id_info(finding->id)->name);
    add_whom(&text, obs, finding);
    (void)fprintf(page->out, "  ");
    stek_audit_wrapped(page->out, 2, 4, text.at);
    (void)fprintf(page->out, "    ");
    stek_audit_wrapped(page->out, 4, 4, finding->observed);
}

/* What is only worth knowing. */
static void print_infos(const struct page *page, const struct stek_audit_observation *obs,
                        const struct stek_audit_findings *findings)
{
    if (stek_audit_tally(findings).count[STEK_AUDIT_INFO] > 0)
        (void)fprintf(page->out, "\nFor information\n");
    for (size_t i = 0; i < findings->len; i++)
        if (findings->items[i].severity == STEK_AUDIT_INFO)
            print_short(page, obs, &findings->items[i], "");
}

/* Findings of the earlier audit that this one does not have. */
static void print_former(const struct page *page, enum stek_audit_fate fate, const char *title)
{
    const struct stek_audit_since *since = page->since;

    if (since == NULL || since->count[fate] == 0)
        return;
    (void)fprintf(page->out, "\n%s\n", title);
    for (size_t i = 0; i < since->findings->len; i++) {
        const struct stek_audit_finding *finding = &since->findings->items[i];
        if (since->then[i] == fate)
            print_short(page, since->obs, finding, stek_audit_severity_name(finding->severity));
    }
}

static enum stek_result print_names(const struct page *page,
                                    const struct stek_audit_observation *obs)
{
    struct stek_audit_key_names names;

    if (stek_audit_find_key_names(obs, &names) != STEK_OK)
        return STEK_ERR_MEMORY;
    if (names.len > 0)
        (void)fprintf(
            page->out,
            "\nKey names on new tickets (UTC)\n  #   name              first                last"
            "                 tickets\n");
    for (size_t i = 0; i < names.len && i < NAMES_SHOWN; i++) {
        const struct stek_audit_key_name *name = &names.items[i];
        (void)fprintf(page->out, "  %-3u %-17.16s %-20s %-20s %7u\n", (unsigned)name->target + 1,
                      stek_audit_hex(name->name, name->name_len).at,
                      stek_audit_date(name->first).at, stek_audit_date(name->last).at,
                      (unsigned)name->tickets);
    }
    if (names.len > NAMES_SHOWN)
        (void)fprintf(page->out, "  and %zu more\n", names.len - NAMES_SHOWN);
    free(names.items);
    return STEK_OK;
}

static void print_cell(FILE *out, const struct stek_audit_cell *cell)
{
    char text[32];
    const char *mark = cell->verdict == STEK_AUDIT_CELL_FLAW ? "!" : cell->same_key_name ? "=" : "";

    if (cell->tried == 0)
        (void)snprintf(text, sizeof text, "%s", cell->same_key_name ? "=" : ".");
    else
        (void)snprintf(text, sizeof text, "%u/%u%s", (unsigned)cell->resumed, (unsigned)cell->tried,
                       mark);
    (void)fprintf(out, " %7s", text);
}

/* Eight targets a block: that is what 80 columns hold. */
static enum stek_result print_matrix(const struct page *page,
                                     const struct stek_audit_observation *obs)
{
    enum { BLOCK = 8 };
    struct stek_audit_cell *cells;
    const size_t n = obs->targets_len;

    if (n < 2)
        return STEK_OK;
    if (stek_audit_find_matrix(obs, &cells) != STEK_OK)
        return STEK_ERR_MEMORY;
    (void)fprintf(page->out, "\nAccepted tickets (resumed/tried; ! flaw, = same "
                             "key name, . not tried)\n");
    for (size_t first = 0; first < n; first += BLOCK) {
        (void)fprintf(page->out, "  %-9s", "from\\to");
        for (size_t to = first; to < n && to < first + BLOCK; to++)
            (void)fprintf(page->out, " %7zu", to + 1);
        (void)fputc('\n', page->out);
        for (size_t from = 0; from < n; from++) {
            (void)fprintf(page->out, "  %-9zu", from + 1);
            for (size_t to = first; to < n && to < first + BLOCK; to++)
                print_cell(page->out, &cells[from * n + to]);
            (void)fputc('\n', page->out);
        }
    }
    free(cells);
    return STEK_OK;
}

static void print_head(const struct page *page, const struct stek_audit_observation *obs,
                       const struct stek_audit_findings *findings)
{
    stek_audit_wrapped(page->out, 0, 0, stek_audit_verdict(obs, findings).at);
    if (page->since != NULL)
        stek_audit_wrapped(page->out, 0, 0, stek_audit_since_sentence(page->since).at);
    (void)fprintf(page->out, "Audit of session tickets, %s to %s UTC\n%zu %s, %zu %s\n",
                  stek_audit_date(obs->started).at, stek_audit_date(obs->ended).at,
                  obs->handshakes_len, stek_plural(obs->handshakes_len, "handshake", "handshakes"),
                  obs->tickets_len, stek_plural(obs->tickets_len, "ticket", "tickets"));
    for (uint32_t i = 0; i < obs->targets_len; i++) {
        struct stek_audit_text text = {.len = 0};
        stek_audit_text_add(&text, "%u: %s", (unsigned)i + 1, stek_audit_label(obs, i).at);
        (void)fprintf(page->out, "  ");
        stek_audit_wrapped(page->out, 2, 4, text.at);
    }
}

enum stek_result stek_audit_report_text(FILE *out, const struct stek_audit_report *report,
                                        bool colour)
{
    const struct stek_audit_observation *obs = report->obs;
    const struct stek_audit_findings *findings = report->findings;
    const struct page page = {out, colour, report->since};
    const struct stek_audit_tally tally = stek_audit_tally(findings);

    print_head(&page, obs, findings);
    for (size_t i = 0; i < findings->len; i++)
        if (findings->items[i].severity != STEK_AUDIT_INFO)
            print_finding(&page, obs, &findings->items[i], stek_audit_fate_of(report->since, i));
    print_former(&page, STEK_AUDIT_GONE, "Gone since the earlier audit");
    print_former(&page, STEK_AUDIT_NOT_LOOKED, "Found by the earlier audit, not looked for now");
    if (report->profile != NULL)
        stek_audit_profile_text(out, obs, report->profile);
    print_infos(&page, obs, findings);
    enum stek_result result = print_matrix(&page, obs);
    if (result == STEK_OK)
        result = print_names(&page, obs);
    if (result != STEK_OK)
        return result;
    (void)fprintf(out, "\n");
    for (int i = STEK_AUDIT_SEVERITIES; i-- > 0;)
        (void)fprintf(out, "%u %s%s", (unsigned)tally.count[i],
                      stek_audit_severity_name((enum stek_audit_severity)i), i > 0 ? ", " : "\n");
    return ferror(out) ? STEK_ERR_SYSTEM : STEK_OK;
}
