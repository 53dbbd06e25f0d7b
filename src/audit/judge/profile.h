/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9325 (BCP 195), rule by rule: what it says of session resumption, and whether a server keeps
 * it, as far as that shows from outside. A rule counts as broken only where something was seen, and
 * as kept only where looking for it can show that. Pure.
 */
#ifndef STEK_AUDIT_PROFILE_H
#define STEK_AUDIT_PROFILE_H

#include "audit/finding.h"
#include "audit/observation.h"

enum stek_audit_rule_id {
    STEK_AUDIT_RULE_AUTHENTICATED,
    STEK_AUDIT_RULE_ENCRYPTED,
    STEK_AUDIT_RULE_CIPHER,
    STEK_AUDIT_RULE_KEYS_CHANGE,
    STEK_AUDIT_RULE_KEYS_DESTROYED,
    STEK_AUDIT_RULE_TICKET_LIFE,
    STEK_AUDIT_RULE_SESSION_AGE, /* TLS 1.2 */
    STEK_AUDIT_RULE_KEY_SHARE,   /* TLS 1.3 */
    STEK_AUDIT_RULE_EARLY_DATA,  /* TLS 1.3 */
    STEK_AUDIT_RULES
};

enum stek_audit_rule_verdict {
    STEK_AUDIT_RULE_MET,
    STEK_AUDIT_RULE_NOT_MET,
    STEK_AUDIT_RULE_NOT_SEEN, /* from outside, or in this audit */
};

/* Static texts. */
struct stek_audit_rule_info {
    const char *section; /* `3.4` */
    const char *level;   /* `MUST`, `SHOULD`, … */
    const char *text;    /* the rule, in a few words */
};

struct stek_audit_rule {
    enum stek_audit_rule_id id;
    enum stek_audit_rule_verdict verdict;
    uint32_t target;
    uint16_t version;
    char seen[256]; /* what the verdict rests on */
};

struct stek_audit_profile {
    struct stek_audit_rule *rules; /* by target, version and rule */
    size_t len;
};

/* Looks at each target in each version that it was seen to speak. The caller frees what is in
 * *ret_profile with stek_audit_profile_fini(). Errors: STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_judge_profile(const struct stek_audit_observation *obs,
                                                        const struct stek_audit_findings *findings,
                                                        struct stek_audit_profile *ret_profile);

/* Leaves it empty. */
void stek_audit_profile_fini(struct stek_audit_profile *profile);

/* Never NULL. Thread-safe. */
const struct stek_audit_rule_info *stek_audit_rule_info(enum stek_audit_rule_id id);

/* `met`, `not met`, `not seen`. Thread-safe. */
const char *stek_audit_rule_word(enum stek_audit_rule_verdict verdict);

#endif
