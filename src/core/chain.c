/* SPDX-License-Identifier: Apache-2.0 */
#include "core/chain.h"

#include "crypto/derive.h"

size_t stek_chain_alive_at(const struct stek_records *records, int64_t when, int64_t *ret_next_end)
{
    size_t alive = 0;

    *ret_next_end = INT64_MAX;
    for (size_t i = 0; i < records->count; i++) {
        if (!stek_record_counts(&records->at[i]))
            continue;
        const int64_t end = records->at[i].accept_until;
        alive += end > when;
        if (end > when && end < *ret_next_end)
            *ret_next_end = end;
    }
    return alive;
}

void stek_chain_set_times(const struct stek_records *records, const struct stek_policy *policy,
                          int64_t from, struct stek_record *record)
{
    int64_t until = from + policy->rotate_s;
    int64_t next_end;

    while (stek_chain_alive_at(records, until, &next_end) >= STEK_RECORDS_MAX - 1)
        until = next_end;
    record->active_from = from;
    record->active_until = until;
    record->accept_until = until + policy->accept_s;
}

void stek_chain_reschedule(struct stek_records *records, const struct stek_policy *policy,
                           size_t first, int64_t from)
{
    STEK_SECRET(stek_records) struct stek_records later = *records;

    stek_records_remove(records, first, records->count);
    for (size_t i = first; i < later.count; i++) {
        if (stek_record_counts(&later.at[i])) {
            stek_chain_set_times(records, policy, from, &later.at[i]);
            from = later.at[i].active_until;
        }
        stek_records_append(records, &later.at[i]);
    }
}

enum stek_result stek_chain_continue(const struct stek_records *records,
                                     const struct stek_policy *policy, struct stek_record *record)
{
    enum stek_result result = stek_derive_continuation(&record->secret, &record->secret);

    if (result != STEK_OK)
        return result;
    stek_wipe(&record->mask, sizeof record->mask); /* they followed from the secret before */
    stek_wipe(&record->fingerprint, sizeof record->fingerprint);
    record->seq++;
    record->origin = STEK_ORIGIN_CONTINUED;
    stek_chain_set_times(records, policy, record->active_until, record);
    return STEK_OK;
}

bool stek_chain_take_fresh(const struct stek_records *records, const struct stek_fresh *fresh,
                           uint32_t *used, struct stek_secret32 *ret_secret)
{
    while (*used < fresh->count) {
        const struct stek_secret32 *candidate = &fresh->secret[(*used)++];
        if (stek_records_hold_secret(records, candidate))
            continue;
        *ret_secret = *candidate;
        return true;
    }
    return false;
}

enum stek_result stek_chain_start(struct stek_records *records, const struct stek_policy *policy,
                                  int64_t now, const struct stek_record *last,
                                  const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record first = {.seq = 1, .origin = STEK_ORIGIN_PUBLISHED};

    if (!stek_chain_take_fresh(records, fresh, used, &first.secret))
        return STEK_ERR_RANDOM;
    if (last != NULL) {
        int64_t asleep_s = now > last->active_until ? now - last->active_until : 0;
        first.seq = last->seq + 2 + (uint64_t)(asleep_s / policy->rotate_s);
    }
    stek_records_retire(records, now);
    stek_chain_set_times(records, policy, now, &first);
    stek_records_insert(records, &first);
    return STEK_OK;
}
