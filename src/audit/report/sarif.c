/* SPDX-License-Identifier: Apache-2.0 */
/* The report as SARIF 2.1.0 (OASIS), which code scanners and forges read. */
#include "audit/judge/judging.h"
#include "audit/report/report.h"
#include "audit/report/rows.h"

#include <jansson.h>
#include <string.h>

/* SARIF, 3.27.10. */
static const char *level_of(enum stek_audit_severity severity)
{
    return severity >= STEK_AUDIT_HIGH     ? "error"
           : severity == STEK_AUDIT_MEDIUM ? "warning"
           : severity == STEK_AUDIT_LOW    ? "note"
                                           : "none";
}

static json_t *message(const char *bytes)
{
    return json_pack("{s:o}", "text", stek_audit_json_text(bytes));
}

static void add_words(struct stek_audit_text *text, const struct stek_audit_explanation *words)
{
    stek_audit_text_add(text, "%s (%s)%s%s", words->why, words->reference,
                        words->advice[0] != '\0' ? " " : "", words->advice);
}

/* A rule is about both versions: where the words differ it has both. */
static void add_help(struct stek_audit_text *text, enum stek_audit_id id)
{
    const struct stek_audit_explanation tls12 = stek_audit_explain(id, STEK_AUDIT_TLS12);
    const struct stek_audit_explanation tls13 = stek_audit_explain(id, STEK_AUDIT_TLS13);
    const bool same = tls12.why == tls13.why && tls12.reference == tls13.reference &&
                      tls12.advice == tls13.advice;

    if (!same)
        stek_audit_text_add(text, "TLS 1.2: ");
    add_words(text, &tls12);
    if (same)
        return;
    stek_audit_text_add(text, " TLS 1.3: ");
    add_words(text, &tls13);
}

/* Every id, in the order of its number, so that a result's ruleIndex is its id. */
static json_t *rules(void)
{
    json_t *list = json_array();

    for (int i = 0; i < STEK_AUDIT_IDS; i++) {
        const struct stek_audit_id_info *info = stek_audit_id_info((enum stek_audit_id)i);
        struct stek_audit_text help = {.len = 0};
        add_help(&help, (enum stek_audit_id)i);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:{s:s}}", "id", info->name, "shortDescription",
                            message(info->title), "help", message(help.at), "defaultConfiguration",
                            "level", level_of(info->severity)));
    }
    return list;
}

/* A target is no file: it is named as a logical location (3.33). */
static json_t *locations(const struct stek_audit_observation *obs,
                         const struct stek_audit_finding *finding)
{
    const uint32_t targets[] = {finding->target, finding->other};
    json_t *list = json_array();

    for (size_t i = 0; i < 2; i++)
        if (targets[i] != STEK_AUDIT_NONE)
            (void)json_array_append_new(
                list, json_pack("{s:[{s:o, s:s}]}", "logicalLocations", "fullyQualifiedName",
                                stek_audit_json_text(stek_audit_label(obs, targets[i]).at), "kind",
                                "resource"));
    return list;
}

/* `state`: of the comparison with an earlier audit (3.27.24), or NULL. */
static json_t *result_of(const struct stek_audit_observation *obs,
                         const struct stek_audit_finding *finding, const char *state)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:s*}", "ruleId",
                     stek_audit_id_info(finding->id)->name, "ruleIndex", (int)finding->id, "kind",
                     finding->severity == STEK_AUDIT_INFO ? "informational" : "fail", "level",
                     level_of(finding->severity), "message", message(finding->observed),
                     "locations", locations(obs, finding), "baselineState", state);
}

static json_t *results(const struct stek_audit_report *report)
{
    const struct stek_audit_since *since = report->since;
    json_t *list = json_array();

    for (size_t i = 0; i < report->findings->len; i++)
        (void)json_array_append_new(list, result_of(report->obs, &report->findings->items[i],
                                                    stek_audit_fate_of(since, i)));
    for (size_t i = 0; since != NULL && i < since->findings->len; i++)
        if (since->then[i] == STEK_AUDIT_GONE)
            (void)json_array_append_new(
                list, result_of(since->obs, &since->findings->items[i], "absent"));
    return list;
}

/* 2026-11-24T19:45:07Z (3.9). */
static json_t *time_of(int64_t seconds)
{
    char text[sizeof(struct stek_audit_date) + 1];

    (void)snprintf(text, sizeof text, "%sZ", stek_audit_date(seconds).at);
    if (strlen(text) > 10)
        text[10] = 'T';
    return json_string(text);
}

enum stek_result stek_audit_report_sarif(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_observation *obs = report->obs;
    json_t *root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[{s:b, s:o, s:o}], s:o}]}",
                             "$schema", "https://json.schemastore.org/sarif-2.1.0.json", "version",
                             "2.1.0", "runs", "tool", "driver", "name", "stek audit", "version",
                             STEK_VERSION, "rules", rules(), "invocations", "executionSuccessful",
                             (int)!obs->interrupted, "startTimeUtc", time_of(obs->started),
                             "endTimeUtc", time_of(obs->ended), "results", results(report));

    if (root == NULL)
        return STEK_ERR_MEMORY;
    const int failed = json_dumpf(root, out, JSON_INDENT(2));
    json_decref(root);
    return failed != 0 || fputc('\n', out) == EOF ? STEK_ERR_SYSTEM : STEK_OK;
}
