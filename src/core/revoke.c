/* SPDX-License-Identifier: Apache-2.0 */
#include "core/revoke.h"

#include "core/chain.h"
#include "crypto/derive.h"

/* The place of the first record from `at` on that counts and begins after `now`; the count when
 * there is none. */
static size_t find_pending(const struct stek_records *records, size_t at, int64_t now)
{
    while (at < records->count &&
           (!stek_record_counts(&records->at[at]) || records->at[at].active_from <= now))
        at++;
    return at;
}

const char *stek_records_rotate_problem(const struct stek_records *records, int64_t now)
{
    const int active = stek_records_active(records, now);

    if (active >= 0 && records->at[active].active_from == now)
        return "the active key began to seal in this second: try again in a second";
    if (active >= 0 && records->count == STEK_RECORDS_MAX &&
        find_pending(records, 0, now) == records->count)
        return "the ring is full (64 keys that still open tickets): wait until the oldest key "
               "retires, or revoke";
    return NULL;
}

/* Appends a successor of the last record, to be timed by the caller; of fresh bytes if there are
 * any. */
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

enum stek_result stek_records_rotate_now(struct stek_records *records,
                                         const struct stek_policy *policy, int64_t now,
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
    const size_t pending = find_pending(&next, active + 1, now);
    if (pending == next.count)
        result = append_next(&next, policy, fresh);
    if (result != STEK_OK)
        return result;
    stek_chain_reschedule(&next, policy, pending, now);
    result = stek_records_advance(&next, policy, now, fresh);
    if (result == STEK_OK)
        *records = next;
    return result;
}

static bool is_meant(const struct stek_record *record, const struct stek_revocation *what,
                     int64_t now)
{
    if (what->which == STEK_REVOKE_KEY)
        return record->seq == what->seq;
    if (what->which == STEK_REVOKE_BEFORE)
        return record->active_from < what->before && record->active_from <= now;
    return true;
}

/* For each record the first one of its chain, by its place. */
struct chains {
    size_t first[STEK_RECORDS_MAX];
};

/*
 * Enters what follows from record `first`. Found by computing it: whatever a record says of its
 * origin. From one record of a chain to the next one that has not retired early there are no more
 * steps than are ever continued at once.
 */
static enum stek_result follow_chain(const struct stek_records *records, size_t first,
                                     struct chains *chains)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 secret = records->at[first].secret;
    const uint64_t last = records->at[records->count - 1].seq;
    uint64_t seq = records->at[first].seq;

    for (int step = 0; seq < last && step < STEK_CONTINUE_MAX; step++) {
        enum stek_result result = stek_derive_continuation(&secret, &secret);
        if (result == STEK_ERR_RANDOM) /* it looks weak: no continuation of this record exists */
            return STEK_OK;
        if (result != STEK_OK)
            return result;
        seq++;
        for (size_t i = first + 1; i < records->count; i++) {
            if (records->at[i].seq != seq ||
                CRYPTO_memcmp(&records->at[i].secret, &secret, sizeof secret) != 0)
                continue;
            chains->first[i] = first;
            step = 0;
        }
    }
    return STEK_OK;
}

static enum stek_result find_chains(const struct stek_records *records, struct chains *ret_chains)
{
    enum stek_result result = STEK_OK;

    for (size_t i = 0; i < records->count; i++)
        ret_chains->first[i] = i;
    for (size_t i = 0; i < records->count && result == STEK_OK; i++)
        if (ret_chains->first[i] == i)
            result = follow_chain(records, i, ret_chains);
    return result;
}

/* Removes every chain of which a record is meant. *ret_count is how many records went. */
static enum stek_result remove_chains(struct stek_records *records,
                                      const struct stek_revocation *what, int64_t now,
                                      uint64_t *ret_count)
{
    bool meant[STEK_RECORDS_MAX] = {false};
    const uint64_t before = records->count;
    struct chains chains;
    enum stek_result result = find_chains(records, &chains);

    if (result != STEK_OK)
        return result;
    for (size_t i = 0; i < records->count; i++)
        if (is_meant(&records->at[i], what, now))
            meant[chains.first[i]] = true;
    for (uint64_t i = records->count; i-- > 0;)
        if (meant[chains.first[i]])
            stek_records_remove(records, i, i + 1);
    *ret_count = before - records->count;
    return STEK_OK;
}

/* Closes the gap that a revocation left at `now` or later, after the record `last`, the ring's last
 * before it. */
static enum stek_result close_gap(struct stek_records *records, const struct stek_policy *policy,
                                  int64_t now, const struct stek_record *last,
                                  const struct stek_fresh *fresh)
{
    const int active = stek_records_active(records, now);
    const size_t pending = find_pending(records, 0, now);
    uint32_t used = 0;

    if (active >= 0)
        stek_chain_reschedule(records, policy, pending, records->at[active].active_until);
    else if (pending < records->count)
        stek_chain_reschedule(records, policy, pending, now);
    else
        return stek_chain_start(records, policy, now, last, fresh, &used);
    return STEK_OK;
}

enum stek_result stek_records_revoke(struct stek_records *records,
                                     const struct stek_revocation *what,
                                     const struct stek_policy *policy, int64_t now,
                                     const struct stek_fresh *fresh, uint64_t *ret_count)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    STEK_SECRET(stek_record) struct stek_record last = {0};

    enum stek_result result = stek_records_advance(&next, policy, now, fresh);
    if (result != STEK_OK)
        return result;
    last = *stek_records_last(&next);
    uint64_t count = 0;
    result = remove_chains(&next, what, now, &count);
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
