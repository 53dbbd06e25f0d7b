/* SPDX-License-Identifier: Apache-2.0 */
/* What the three reports share. */
#ifndef STEK_AUDIT_REPORT_ROWS_H
#define STEK_AUDIT_REPORT_ROWS_H

#include "audit/finding.h"
#include "audit/observation.h"

/* How many findings there are of each severity. */
struct stek_audit_tally {
    uint32_t count[STEK_AUDIT_SEVERITIES];
};
struct stek_audit_tally stek_audit_tally(const struct stek_audit_findings *findings);

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

/* Whether one target accepts another's tickets, in a word: `refused`, … */
const char *stek_audit_cell_word(int verdict);

#endif
