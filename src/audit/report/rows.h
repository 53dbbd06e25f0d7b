/* SPDX-License-Identifier: Apache-2.0 */
/* What the reports share. */
#ifndef STEK_AUDIT_REPORT_ROWS_H
#define STEK_AUDIT_REPORT_ROWS_H

#include "audit/finding.h"
#include "audit/judge/compare.h"
#include "audit/judge/judging.h"
#include "audit/observation.h"

#include <jansson.h>
#include <stdio.h>

/* How many findings there are of each severity. */
struct stek_audit_tally {
    uint32_t count[STEK_AUDIT_SEVERITIES];
};
struct stek_audit_tally stek_audit_tally(const struct stek_audit_findings *findings);

/* The whole audit in one sentence: whom it is about, how many findings, and the gravest. */
struct stek_audit_text stek_audit_verdict(const struct stek_audit_observation *obs,
                                          const struct stek_audit_findings *findings);

/* "Since 2026-11-24 19:45:07 UTC: 1 new, 2 gone, 3 unchanged." */
struct stek_audit_text stek_audit_since_sentence(const struct stek_audit_since *since);

/* The fate of the i-th finding of this audit in a word; NULL: it is not compared. */
const char *stek_audit_fate_of(const struct stek_audit_since *since, size_t i);

enum { STEK_AUDIT_COLUMNS = 80 }; /* of the table */

/* Text broken between words, from `column` on; lines after the first are indented. A word too long
 * for a line is cut into several. */
void stek_audit_wrapped(FILE *out, size_t column, size_t indent, const char *text);

/* `2026-11-24 19:45:07` in UTC. */
struct stek_audit_date {
    char at[32];
};
struct stek_audit_date stek_audit_date(int64_t seconds);

/* The bytes of a key name in hexadecimal digits. */
struct stek_audit_hex {
    char at[65];
};
struct stek_audit_hex stek_audit_hex(const uint8_t *bytes, size_t len);

/* Strings from recordings may hold anything; JSON wants UTF-8, and a reader wants to see what is
 * odd. */
json_t *stek_audit_json_text(const char *bytes);

/* Whether one target accepts another's tickets, in a word: `refused`, … */
const char *stek_audit_cell_word(int verdict);

#endif
