/* SPDX-License-Identifier: Apache-2.0 */
/* The report for machines: docs/formats.md, "The report of stek audit", has the schema. */
#include "audit/judge/judge.h"
#include "audit/judge/judging.h"
#include "audit/report/profile.h"
#include "audit/report/report.h"
#include "audit/report/rows.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *index_or_null(uint32_t target)
{
    return target == STEK_AUDIT_NONE ? json_null() : json_integer(target);
}

static json_t *version_or_null(uint16_t version)
{
    return version == 0 ? json_null() : json_string(stek_audit_version_name(version) + 4);
}

static json_t *targets_json(const struct stek_audit_observation *obs)
{
    json_t *list = json_array();

    for (size_t i = 0; i < obs->targets_len; i++) {
        const struct stek_audit_target *target = &obs->targets[i];
        json_array_append_new(
            list, json_pack("{s:o, s:i, s:o, s:o}", "host", stek_audit_json_text(target->host),
                            "port", (int)target->port, "sni", stek_audit_json_text(target->sni),
                            "address", stek_audit_json_text(target->address)));
    }
    return list;
}

/* `fate`: NULL where it is not compared. */
static json_t *finding_json(const struct stek_audit_finding *finding, const char *fate)
{
    const struct stek_audit_id_info *info = stek_audit_id_info(finding->id);
    const struct stek_audit_explanation words = stek_audit_explain(finding->id, finding->version);

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:s, s:s*}", "id", info->name,
                     "severity", stek_audit_severity_name(finding->severity), "target",
                     index_or_null(finding->target), "other", index_or_null(finding->other),
                     "version", version_or_null(finding->version), "title", info->title, "observed",
                     stek_audit_json_text(finding->observed), "why", words.why, "reference",
                     words.reference, "advice", words.advice, "fate", fate);
}

static json_t *findings_json(const struct stek_audit_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->findings->len; i++)
        json_array_append_new(
            list, finding_json(&report->findings->items[i], stek_audit_fate_of(report->since, i)));
    return list;
}

/* Those of the earlier audit that this one does not have; their targets are those of that one. */
static json_t *former_json(const struct stek_audit_since *since)
{
    json_t *list = json_array();

    for (size_t i = 0; i < since->findings->len; i++)
        if (since->then[i] == STEK_AUDIT_GONE || since->then[i] == STEK_AUDIT_NOT_LOOKED)
            json_array_append_new(list, finding_json(&since->findings->items[i],
                                                     stek_audit_fate_name(since->then[i])));
    return list;
}

/* NULL, which the report leaves out, when it was not compared. */
static json_t *since_json(const struct stek_audit_since *since)
{
    if (since == NULL)
        return NULL;
    return json_pack(
        "{s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o}", "started", (json_int_t)since->obs->started,
        "ended", (json_int_t)since->obs->ended, "targets", targets_json(since->obs), "new",
        (json_int_t)since->count[STEK_AUDIT_NEW], "gone", (json_int_t)since->count[STEK_AUDIT_GONE],
        "unchanged", (json_int_t)since->count[STEK_AUDIT_UNCHANGED], "not_looked",
        (json_int_t)since->count[STEK_AUDIT_NOT_LOOKED], "findings", former_json(since));
}

static json_t *names_json(const struct stek_audit_observation *obs)
{
    struct stek_audit_key_names names;

    if (stek_audit_find_key_names(obs, &names) != STEK_OK)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < names.len; i++) {
        const struct stek_audit_key_name *name = &names.items[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:o, s:I, s:I, s:I}", "name",
                            stek_audit_hex(name->name, name->name_len).at, "target",
                            (json_int_t)name->target, "version", version_or_null(name->version),
                            "first", (json_int_t)name->first, "last", (json_int_t)name->last,
                            "tickets", (json_int_t)name->tickets));
    }
    free(names.items);
    return list;
}

static json_t *matrix_json(const struct stek_audit_observation *obs)
{
    struct stek_audit_cell *cells;

    if (stek_audit_find_matrix(obs, &cells) != STEK_OK)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < obs->targets_len * obs->targets_len; i++)
        json_array_append_new(
            list, json_pack("{s:I, s:I, s:I, s:I, s:s, s:b}", "from", (json_int_t)cells[i].from,
                            "to", (json_int_t)cells[i].to, "tried", (json_int_t)cells[i].tried,
                            "resumed", (json_int_t)cells[i].resumed, "verdict",
                            stek_audit_cell_word((int)cells[i].verdict), "same_key_name",
                            (int)cells[i].same_key_name));
    free(cells);
    return list;
}

static json_t *summary_json(const struct stek_audit_findings *findings)
{
    const struct stek_audit_tally tally = stek_audit_tally(findings);
    json_t *summary = json_object();

    for (int i = STEK_AUDIT_SEVERITIES; i-- > 0;)
        json_object_set_new(summary, stek_audit_severity_name((enum stek_audit_severity)i),
                            json_integer(tally.count[i]));
    return summary;
}

enum stek_result stek_audit_report_json(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_observation *obs = report->obs;
    const struct stek_audit_findings *findings = report->findings;
    json_t *root = json_pack(
        "{s:i, s:s, s:I, s:I, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o*, s:o*}", "version", 1,
        "tool", "stek " STEK_VERSION, "started", (json_int_t)obs->started, "ended",
        (json_int_t)obs->ended, "interrupted", (int)obs->interrupted, "handshakes",
        (json_int_t)obs->handshakes_len, "tickets", (json_int_t)obs->tickets_len, "targets",
        targets_json(obs), "summary", summary_json(findings), "findings", findings_json(report),
        "matrix", matrix_json(obs), "key_names", names_json(obs), "since",
        since_json(report->since), "profile",
        report->profile != NULL ? stek_audit_profile_json(report->profile) : NULL);
    if (root == NULL)
        return STEK_ERR_MEMORY;
    const int failed = json_dumpf(root, out, JSON_INDENT(2));
    json_decref(root);
    return failed != 0 || fputc('\n', out) == EOF ? STEK_ERR_SYSTEM : STEK_OK;
}
