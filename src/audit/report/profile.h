/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of RFC 9325 in the reports: a part of each. */
#ifndef STEK_AUDIT_REPORT_PROFILE_H
#define STEK_AUDIT_REPORT_PROFILE_H

#include "audit/judge/profile.h"
#include "audit/observation.h"

#include <jansson.h>
#include <stdio.h>

void stek_audit_profile_text(FILE *out, const struct stek_audit_observation *obs,
                             const struct stek_audit_profile *profile);
void stek_audit_profile_html(FILE *out, const struct stek_audit_observation *obs,
                             const struct stek_audit_profile *profile);

/* A new reference; NULL without memory. */
json_t *stek_audit_profile_json(const struct stek_audit_profile *profile);

#endif
