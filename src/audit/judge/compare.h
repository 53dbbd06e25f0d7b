/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has changed since an earlier audit. Findings are the same when id, severity, target, other
 * target and version are; targets are the same when host, port and server name are. What is only
 * for information is not compared. Pure.
 */
#ifndef STEK_AUDIT_COMPARE_H
#define STEK_AUDIT_COMPARE_H

#include "audit/finding.h"
#include "audit/observation.h"

enum stek_audit_fate {
    STEK_AUDIT_NOT_COMPARED, /* for information */
    STEK_AUDIT_NEW,          /* of now: the earlier audit does not have it */
    STEK_AUDIT_UNCHANGED,    /* both have it */
    STEK_AUDIT_GONE,         /* of then: this audit looked, and does not have it */
    STEK_AUDIT_NOT_LOOKED,   /* of then: this audit did not look for it, or not for long enough */
    STEK_AUDIT_FATES
};

/* Borrows the earlier audit, which has to outlive it. */
struct stek_audit_since {
    const struct stek_audit_observation *obs;
    const struct stek_audit_findings *findings;
    enum stek_audit_fate *now;  /* of each finding of this audit */
    enum stek_audit_fate *then; /* of each finding of the earlier one */
    uint32_t count[STEK_AUDIT_FATES];
};

/* Whether the two audits have a target in common. Thread-safe. */
bool stek_audit_share_target(const struct stek_audit_observation *now,
                             const struct stek_audit_observation *then);

/* Compares. The caller frees what is in *ret_since with stek_audit_since_fini(). Errors:
 * STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_compare(const struct stek_audit_observation *now,
                                                  const struct stek_audit_findings *findings_now,
                                                  const struct stek_audit_observation *then,
                                                  const struct stek_audit_findings *findings_then,
                                                  struct stek_audit_since *ret_since);

/* Leaves it empty. */
void stek_audit_since_fini(struct stek_audit_since *since);

/* `new`, `unchanged`, `gone`, `not-looked`; NULL for STEK_AUDIT_NOT_COMPARED. Thread-safe. */
const char *stek_audit_fate_name(enum stek_audit_fate fate);

#endif
