/* SPDX-License-Identifier: Apache-2.0 */
/* What the reports say of a comparison with an earlier audit. */
#include "audit/judge/compare.h"
#include "audit/report/rows.h"

struct stek_audit_text stek_audit_since_sentence(const struct stek_audit_since *since)
{
    struct stek_audit_text text = {.len = 0};

    stek_audit_text_add(
        &text, "Since %s UTC: %u new, %u gone, %u unchanged",
        stek_audit_date(since->obs->started).at, (unsigned)since->count[STEK_AUDIT_NEW],
        (unsigned)since->count[STEK_AUDIT_GONE], (unsigned)since->count[STEK_AUDIT_UNCHANGED]);
    if (since->count[STEK_AUDIT_NOT_LOOKED] > 0)
        stek_audit_text_add(&text, ", %u not looked for this time",
                            (unsigned)since->count[STEK_AUDIT_NOT_LOOKED]);
    stek_audit_text_add(&text, ".");
    return text;
}

const char *stek_audit_fate_of(const struct stek_audit_since *since, size_t i)
{
    return since == NULL ? NULL : stek_audit_fate_name(since->now[i]);
}
