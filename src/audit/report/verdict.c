/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/judge.h"
#include "audit/judge/judging.h"
#include "audit/report/rows.h"
#include "core/plural.h"

/* Whom it is about: the target, or how many. */
static void add_subject(struct stek_audit_text *text, const struct stek_audit_observation *obs)
{
    if (obs->targets_len == 1)
        stek_audit_text_add(text, "%s", stek_audit_label(obs, 0).at);
    else
        stek_audit_text_add(text, "%zu %s", obs->targets_len,
                            stek_plural(obs->targets_len, "target", "targets"));
}

/* "1 critical and 2 low findings", of those that want something done. */
static void add_counts(struct stek_audit_text *text, const struct stek_audit_tally *tally)
{
    uint32_t all = 0;
    int kinds = 0;

    for (int i = STEK_AUDIT_SEVERITIES; i-- > STEK_AUDIT_LOW;) {
        all += tally->count[i];
        kinds += tally->count[i] > 0;
    }
    for (int i = STEK_AUDIT_SEVERITIES; i-- > STEK_AUDIT_LOW;) {
        if (tally->count[i] == 0)
            continue;
        kinds--;
        stek_audit_text_add(text, "%u %s%s", (unsigned)tally->count[i],
                            stek_audit_severity_name((enum stek_audit_severity)i),
                            kinds > 1    ? ", "
                            : kinds == 1 ? " and "
                                         : "");
    }
    stek_audit_text_add(text, " %s", stek_plural(all, "finding", "findings"));
}

struct stek_audit_text stek_audit_verdict(const struct stek_audit_observation *obs,
                                          const struct stek_audit_findings *findings)
{
    const struct stek_audit_tally tally = stek_audit_tally(findings);
    struct stek_audit_text text = {.len = 0};
    bool unreached = false;

    for (size_t i = 0; i < findings->len; i++)
        unreached = unreached || findings->items[i].id == STEK_AUDIT_NOT_REACHED;
    add_subject(&text, obs);
    if (findings->len > 0 && findings->items[0].severity > STEK_AUDIT_INFO) {
        stek_audit_text_add(&text, ": ");
        add_counts(&text, &tally);
        stek_audit_text_add(&text, ", the gravest is %s",
                            stek_audit_id_info(findings->items[0].id)->name);
    } else if (!unreached) {
        stek_audit_text_add(&text, ": nothing was found that needs mending");
    }
    if (unreached)
        stek_audit_text_add(&text, "%s",
                            obs->targets_len == 1 ? ": it could not be reached"
                                                  : "; some could not be reached");
    if (obs->interrupted)
        stek_audit_text_add(&text, "; the audit was stopped early");
    stek_audit_text_add(&text, ".");
    return text;
}
