/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/judge.h"

#include "audit/judge/judging.h"
#include "audit/judge/matrix.h"

#include <stdlib.h>

typedef void (*topic)(struct stek_audit_judging *judging);

static const topic topics[] = {
    stek_audit_judge_offers,      stek_audit_judge_hints,      stek_audit_judge_resumption,
    stek_audit_judge_renewal,     stek_audit_judge_changes,    stek_audit_judge_key_names,
    stek_audit_judge_tampering,   stek_audit_judge_matrix,     stek_audit_judge_cross_names,
    stek_audit_judge_client_auth, stek_audit_judge_early_data, stek_audit_judge_rotation,
    stek_audit_judge_life,        stek_audit_judge_chains,     stek_audit_judge_protection,
    stek_audit_judge_dictionary,
};

static int gravest_first(const void *left, const void *right)
{
    const struct stek_audit_finding *a = left, *b = right;

    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->other != b->other)
        return a->other < b->other ? -1 : 1;
    return a->version < b->version ? -1 : a->version > b->version;
}

enum stek_result stek_audit_judge(const struct stek_audit_observation *obs,
                                  const struct stek_audit_judge_hooks *hooks,
                                  struct stek_audit_findings *ret_findings)
{
    struct stek_audit_judging judging = {.obs = obs, .hooks = hooks};

    judging.result = stek_audit_name_index_init(obs, &judging.names);
    if (judging.result == STEK_OK)
        judging.result = stek_audit_matrix_new(obs, &judging.names, &judging.cells);
    for (size_t i = 0; i < sizeof topics / sizeof *topics && judging.result == STEK_OK; i++)
        topics[i](&judging);
    stek_audit_name_index_fini(&judging.names);
    free(judging.cells);
    if (judging.result != STEK_OK) {
        stek_audit_findings_fini(&judging.findings);
        return judging.result;
    }
    if (judging.findings.len > 0)
        qsort(judging.findings.items, judging.findings.len, sizeof *judging.findings.items,
              gravest_first);
    *ret_findings = judging.findings;
    return STEK_OK;
}
