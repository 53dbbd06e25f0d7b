/* SPDX-License-Identifier: Apache-2.0 */
#include "core/schedule.h"

#include "core/chain.h"

static bool out_of_reach(const struct stek_record *last, const struct stek_policy *policy,
                         int64_t now)
{
    return now > last->active_until &&
           (now - last->active_until) / policy->rotate_s >= STEK_CONTINUE_MAX;
}

/* Appends continuations of *last, the newest record, until one is active; what retired on the way
 * is dropped. */
static enum stek_result settle_chain(struct stek_records *records, struct stek_record *last,
                                     const struct stek_policy *policy, int64_t now)
{
    if (out_of_reach(last, policy, now))
        return STEK_ERR_BUSY;
    while (last->active_until <= now) {
        enum stek_result result = stek_chain_continue(records, policy, last);
        if (result != STEK_OK)
            return result;
        stek_records_retire(records, last->active_from);
        stek_records_insert(records, last);
    }
    stek_records_retire(records, now);
    return STEK_OK;
}

static bool time_is_sane(int64_t now)
{
    return now >= -(STEK_TIME_MAX >> 1) && now <= (STEK_TIME_MAX >> 1);
}

/* Most often nothing has happened: then nothing is copied. */
static bool is_settled(const struct stek_records *records, int64_t now)
{
    for (size_t i = 0; i < records->count; i++)
        if (records->at[i].accept_until <= now)
            return false;
    return now < stek_records_last(records)->active_until;
}

static enum stek_result settle(struct stek_records *records, const struct stek_policy *policy,
                               int64_t now)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    STEK_SECRET(stek_record) struct stek_record last = *stek_records_last(records);

    enum stek_result result = settle_chain(&next, &last, policy, now);
    if (result == STEK_OK && stek_records_active(&next, now) < 0)
        result = STEK_ERR_BUSY;
    if (result == STEK_OK)
        *records = next;
    return result;
}

enum stek_result stek_records_settle(struct stek_records *records, const struct stek_policy *policy,
                                     int64_t now)
{
    if (stek_records_last(records) == NULL || !time_is_sane(now))
        return STEK_ERR_BUSY;
    if (is_settled(records, now))
        return stek_records_active(records, now) >= 0 ? STEK_OK : STEK_ERR_BUSY;
    return settle(records, policy, now);
}

/*
 * The clock went back to a time that no record covers. Within one interval the next record simply
 * begins earlier; beyond that, records made at the wrong time are dropped, since they would not
 * retire for as long as the clock was wrong. Returns whether a record is active now.
 */
static bool rewind_clock(struct stek_records *records, int64_t now)
{
    size_t next = 0;

    while (records->at[next].active_from <= now || !stek_record_counts(&records->at[next]))
        next++;
    struct stek_record *record = &records->at[next];
    if (record->active_from - now <= record->active_until - record->active_from) {
        record->active_from = now;
        return true;
    }
    stek_records_remove(records, next, records->count);
    return false;
}

/* Sees to it that one record is active at `now`, and that no retired one is left. */
static enum stek_result ensure_active(struct stek_records *records,
                                      const struct stek_policy *policy, int64_t now,
                                      const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record last = {0};

    if (stek_records_last(records) == NULL)
        return stek_chain_start(records, policy, now, NULL, fresh, used);
    last = *stek_records_last(records);
    if (stek_records_active(records, now) < 0 && last.active_from <= now) {
        enum stek_result result = settle_chain(records, &last, policy, now);
        return result == STEK_ERR_BUSY ? stek_chain_start(records, policy, now, &last, fresh, used)
                                       : result;
    }
    if (stek_records_active(records, now) < 0 && !rewind_clock(records, now))
        return stek_chain_start(records, policy, now, &last, fresh, used);
    stek_records_retire(records, now);
    return STEK_OK;
}

static size_t count_of_records(const struct stek_records *records)
{
    size_t count = 0;

    for (size_t i = 0; i < records->count; i++)
        count += stek_record_counts(&records->at[i]);
    return count;
}

enum stek_result stek_records_look_ahead(struct stek_records *records,
                                         const struct stek_policy *policy, int64_t now,
                                         const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record next = {0};

    while (stek_records_pending(records, now) < policy->ahead &&
           count_of_records(records) < STEK_RECORDS_MAX) {
        next = *stek_records_last(records);
        if (next.active_until - now > policy->rotate_s / 2) { /* up to a second of it is over */
            if (!stek_chain_take_fresh(records, fresh, used, &next.secret))
                return STEK_OK;
            next.seq++;
            next.origin = STEK_ORIGIN_PUBLISHED;
            stek_chain_set_times(records, policy, next.active_until, &next);
        } else {
            enum stek_result result = stek_chain_continue(records, policy, &next);
            if (result != STEK_OK)
                return result;
        }
        stek_records_insert(records, &next);
    }
    return STEK_OK;
}

bool stek_records_due(const struct stek_records *records, const struct stek_policy *policy,
                      int64_t now)
{
    if (stek_records_active(records, now) < 0)
        return true;
    for (size_t i = 0; i < records->count; i++)
        if (records->at[i].accept_until <= now)
            return true;
    return stek_records_pending(records, now) < policy->ahead &&
           count_of_records(records) < STEK_RECORDS_MAX;
}

enum stek_result stek_records_advance(struct stek_records *records,
                                      const struct stek_policy *policy, int64_t now,
                                      const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    uint32_t used = 0;

    if (!time_is_sane(now))
        return STEK_ERR_ARGUMENT;
    enum stek_result result = ensure_active(&next, policy, now, fresh, &used);
    if (result == STEK_OK)
        result = stek_records_look_ahead(&next, policy, now, fresh, &used);
    if (result == STEK_OK)
        *records = next;
    return result;
}
