/* SPDX-License-Identifier: Apache-2.0 */
/* What people and machines get to see of an audit. No secrets of sessions are in any of them. */
#ifndef STEK_AUDIT_REPORT_H
#define STEK_AUDIT_REPORT_H

#include "stek.h"

#include "audit/finding.h"
#include "audit/judge/compare.h"
#include "audit/judge/profile.h"
#include "audit/observation.h"

#include <stdbool.h>
#include <stdio.h>

/* What is reported. All of it is borrowed. */
struct stek_audit_report {
    const struct stek_audit_observation *obs;
    const struct stek_audit_findings *findings;
    const struct stek_audit_since *since;     /* NULL: it was not compared with another audit */
    const struct stek_audit_profile *profile; /* NULL: it was not asked for */
};

/* A table of 80 columns. Errors of all: STEK_ERR_MEMORY, STEK_ERR_SYSTEM (writing). */
STEK_MUST_USE enum stek_result
stek_audit_report_text(FILE *out, const struct stek_audit_report *report, bool colour);

/* One JSON object. */
STEK_MUST_USE enum stek_result stek_audit_report_json(FILE *out,
                                                      const struct stek_audit_report *report);

/* One self-contained page: findings, matrix, and the key names over time as SVG. */
STEK_MUST_USE enum stek_result stek_audit_report_html(FILE *out,
                                                      const struct stek_audit_report *report);

/* For pipelines: JUnit's XML, where what wants something done has failed, and SARIF 2.1.0. */
STEK_MUST_USE enum stek_result stek_audit_report_junit(FILE *out,
                                                       const struct stek_audit_report *report);
STEK_MUST_USE enum stek_result stek_audit_report_sarif(FILE *out,
                                                       const struct stek_audit_report *report);

#endif
