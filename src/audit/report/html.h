/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the HTML report. */
#ifndef STEK_AUDIT_REPORT_HTML_H
#define STEK_AUDIT_REPORT_HTML_H

#include "stek.h"

#include "audit/observation.h"

#include <stdio.h>

/* Writes text so that nothing in it is markup; what is not printable ASCII becomes '?'. */
void stek_audit_html_text(FILE *out, const char *text);

/* Key names over time as an inline SVG: one bar for each name. Errors: STEK_ERR_MEMORY. */
STEK_MUST_USE enum stek_result stek_audit_html_timeline(FILE *out,
                                                        const struct stek_audit_observation *obs);

#endif
