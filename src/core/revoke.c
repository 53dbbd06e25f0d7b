/* SPDX-License-Identifier: Apache-2.0 */
#include "core/revoke.h"

#include "core/chain.h"

const char *stek_records_rotate_problem(const struct stek_records *records, int64_t now)
{
    const int active = stek_records_active(records, now);

    if (active >= 0 && records->at[active].active_from == now)
        return "the active key began to seal in this very second: try again in a second";
    if (active >= 0 && (size_t)active + 1 == records->count && records->count == STEK_RECORDS_MAX)
        return "the ring holds 64 keys that still open tickets, and no more fit: wait until the oldest has retired, "
               "or revoke";
    return NULL;
}

/* Appends a successor of the last record, to be timed by the caller; of fresh bytes if there are any. */
static enum stek_result append_next(struct stek_records *records, const struct stek_policy *policy,
                                    const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_record) struct stek_record next = *stek_records_last(records);
    uint32_t used = 0;
    enum stek_result result = STEK_OK;

    if (stek_chain_take_fresh(records, fresh, &used, &next.secret)) {
        next.seq++;
        next.origin = STEK_ORIGIN_PUBLISHED;
    } else {
        result = stek_chain_continue(records, policy, &next);
    }
    if (result == STEK_OK)
        stek_records_append(records, &next);
    return result;
}

enum stek_result stek_records_rotate_now(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                         const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;

    enum stek_result result = stek_records_advance(&next, policy, now, fresh);
    if (result != STEK_OK)
        return result;
    if (stek_records_rotate_problem(&next, now) != NULL)
        return STEK_ERR_BUSY;
    const size_t active = (size_t)stek_records_active(&next, now);
    next.at[active].active_until = now;
    if (active + 1 == next.count)
        result = append_next(&next, policy, fresh);
    if (result != STEK_OK)
        return result;
    stek_chain_retime(&next, policy, active + 1, now);
    result = stek_records_advance(&next, policy, now, fresh);
    if (result == STEK_OK)
        *records = next;
    return result;
}

static bool is_meant(const struct stek_record *record, const struct stek_revocation *what, int64_t now)
{
    if (what->which == STEK_REVOKE_KEY)
        return record->seq == what->seq;
    if (what->which == STEK_REVOKE_BEFORE)
        return record->active_from < what->before && record->active_from <= now;
    return true;
}

/* Where the chain of record `at` ends: the next one of fresh bytes. Gaps in seq do not end it: what lay there may have
 * retired early, under another policy. */
static size_t chain_end(const struct stek_records *records, size_t at)
{
    do
        at++;
    while (at < records->count && records->at[at].origin == STEK_ORIGIN_CONTINUED);
    return at;
}

/* Removes every chain of which a record is meant. Returns how many records went. */
static uint64_t remove_chains(struct stek_records *records, const struct stek_revocation *what, int64_t now)
{
    const uint64_t before = records->count;

    for (size_t from = 0; from < records->count;) {
        const size_t end = chain_end(records, from);
        bool meant = false;
        for (size_t i = from; i < end; i++)
            meant |= is_meant(&records->at[i], what, now);
        if (meant)
            stek_records_remove(records, from, end);
        else
            from = end;
    }
    return before - records->count;
}

/* Closes the gap that a revocation left at `now` or later, after the record `last`, the ring's last before it. */
static enum stek_result close_gap(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                  const struct stek_record *last, const struct stek_fresh *fresh)
{
    const int active = stek_records_active(records, now);
    size_t later = 0;
    uint32_t used = 0;

    while (later < records->count && records->at[later].active_from <= now)
        later++;
    if (active >= 0)
        stek_chain_retime(records, policy, later, records->at[active].active_until);
    else if (later < records->count)
        stek_chain_retime(records, policy, later, now);
    else
        return stek_chain_start(records, policy, now, last, fresh, &used);
    return STEK_OK;
}

enum stek_result stek_records_revoke(struct stek_records *records, const struct stek_revocation *what,
                                     const struct stek_policy *policy, int64_t now, const struct stek_fresh *fresh,
                                     uint64_t *ret_count)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    STEK_SECRET(stek_record) struct stek_record last = {0};

    enum stek_result result = stek_records_advance(&next, policy, now, fresh);
    if (result != STEK_OK)
        return result;
    last = *stek_records_last(&next);
    const uint64_t count = remove_chains(&next, what, now);
    if (count > 0)
        result = close_gap(&next, policy, now, &last, fresh);
    if (count > 0 && result == STEK_OK)
        result = stek_records_advance(&next, policy, now, fresh);
    if (result != STEK_OK)
        return result;
    *records = next;
    *ret_count = count;
    return STEK_OK;
}
