/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reschedule.h"

#include "core/chain.h"

void stek_records_reschedule(struct stek_records *records, const struct stek_policy *policy,
                             int64_t now)
{
    const int index = stek_records_active(records, now);

    if (index < 0)
        return;
    const size_t active = (size_t)index;
    const int64_t promised = records->at[active].accept_until;
    stek_chain_reschedule(records, policy, active, records->at[active].active_from);
    struct stek_record *record = &records->at[active];
    if (record->active_until < now)
        record->active_until = now;
    if (record->accept_until < promised)
        record->accept_until = promised;
    stek_chain_reschedule(records, policy, active + 1, record->active_until);
}

enum stek_result stek_records_change_policy(struct stek_records *records,
                                            const struct stek_policy *old,
                                            const struct stek_policy *policy, int64_t now,
                                            const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_records) struct stek_records changed = *records;
    enum stek_result result = stek_records_advance(&changed, old, now, fresh);

    if (result != STEK_OK)
        return result;
    stek_records_reschedule(&changed, policy, now);
    result = stek_records_advance(&changed, policy, now, fresh);
    if (result == STEK_OK)
        *records = changed;
    return result;
}
