/* SPDX-License-Identifier: Apache-2.0 */
#include "core/handover.h"

void stek_records_hand_over(struct stek_records *records, const struct stek_records *next, bool all,
                            int64_t now)
{
    STEK_SECRET(stek_records) struct stek_records old = *records;

    *records = *next;
    for (size_t i = (size_t)old.count; i-- > 0 && records->count < STEK_RECORDS_MAX;) {
        struct stek_record *record = &old.at[i];
        const bool opens = record->accept_until > now &&
                           (!stek_record_counts(record) || (all && record->active_from <= now));
        if (!opens || stek_records_hold_secret(records, &record->secret))
            continue;
        record->origin = STEK_ORIGIN_SUPERSEDED;
        if (all && next->count > 0) /* its own seq was another source's, and may be below a floor */
            record->seq = next->at[0].seq;
        stek_records_insert(records, record);
    }
}
