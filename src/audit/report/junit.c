/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as JUnit's XML, which build servers show: each finding is a test, and one that wants
 * something done has failed.
 */
#include "audit/judge/judging.h"
#include "audit/report/html.h"
#include "audit/report/report.h"
#include "audit/report/rows.h"

#include <string.h>

static void print_attribute(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, " %s=\"", name);
    stek_audit_html_text(out, value);
    (void)fputc('"', out);
}

static void print_case(FILE *out, const struct stek_audit_observation *obs,
                       const struct stek_audit_finding *finding)
{
    const struct stek_audit_id_info *info = stek_audit_id_info(finding->id);
    const struct stek_audit_explanation words = stek_audit_explain(finding->id, finding->version);
    const bool failed = finding->severity > STEK_AUDIT_INFO;

    (void)fputs("    <testcase", out);
    print_attribute(out, "classname",
                    finding->target != STEK_AUDIT_NONE ? stek_audit_label(obs, finding->target).at
                                                       : "all targets");
    print_attribute(out, "name", info->name);
    (void)fprintf(out, ">\n      <%s", failed ? "failure" : "system-out");
    if (failed) {
        print_attribute(out, "type", stek_audit_severity_name(finding->severity));
        print_attribute(out, "message", finding->observed);
    }
    (void)fputc('>', out);
    if (failed) {
        stek_audit_html_text(out, words.why);
        (void)fputs(" (", out);
        stek_audit_html_text(out, words.reference);
        (void)fputs(") ", out);
        stek_audit_html_text(out, words.advice);
    } else {
        stek_audit_html_text(out, finding->observed);
    }
    (void)fprintf(out, "</%s>\n    </testcase>\n", failed ? "failure" : "system-out");
}

enum stek_result stek_audit_report_junit(FILE *out, const struct stek_audit_report *report)
{
    const struct stek_audit_observation *obs = report->obs;
    const struct stek_audit_findings *findings = report->findings;
    const struct stek_audit_tally tally = stek_audit_tally(findings);
    const size_t failures = findings->len - tally.count[STEK_AUDIT_INFO];
    char started[sizeof(struct stek_audit_date)];

    (void)snprintf(started, sizeof started, "%s", stek_audit_date(obs->started).at);
    if (strlen(started) > 10)
        started[10] = 'T'; /* xs:dateTime */
    (void)fprintf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuites name=\"stek audit\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n"
                  "  <testsuite",
                  findings->len, failures);
    print_attribute(out, "name", stek_audit_verdict(obs, findings).at);
    (void)fprintf(out,
                  " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%lld\" "
                  "timestamp=\"%s\">\n",
                  findings->len, failures, (long long)(obs->ended - obs->started), started);
    for (size_t i = 0; i < findings->len; i++)
        print_case(out, obs, &findings->items[i]);
    (void)fputs("  </testsuite>\n</testsuites>\n", out);
    return ferror(out) ? STEK_ERR_SYSTEM : STEK_OK;
}
