/* SPDX-License-Identifier: Apache-2.0 */
#include "core/schedule.h"

#include "crypto/derive.h"

static const struct stek_record *last_record(const struct stek_records *records)
{
    return &records->at[records->count - 1];
}

static uint32_t pending_count(const struct stek_records *records, int64_t now)
{
    uint32_t pending = 0;

    for (size_t i = 0; i < records->count; i++)
        pending += records->at[i].active_from > now;
    return pending;
}

void stek_records_retire(struct stek_records *records, int64_t now)
{
    for (size_t i = records->count; i-- > 0;)
        if (records->at[i].accept_until <= now)
            stek_records_remove(records, i, i + 1);
}

/* How many records still open at `when`; *ret_next_end is when the first of them ends. */
static size_t alive_at(const struct stek_records *records, int64_t when, int64_t *ret_next_end)
{
    size_t alive = 0;

    *ret_next_end = INT64_MAX;
    for (size_t i = 0; i < records->count; i++) {
        const int64_t end = records->at[i].accept_until;
        alive += end > when;
        if (end > when && end < *ret_next_end)
            *ret_next_end = end;
    }
    return alive;
}

/*
 * Gives a record that begins at `from` its times. When there would be no place for its successor (after the interval
 * was made much shorter), it seals until there is one: no ticket's promise is broken to make room. Only records that
 * are alive then count, so holders that come by at different times compute the same.
 */
static void set_times(const struct stek_records *records, const struct stek_policy *policy, int64_t from,
                      struct stek_record *record)
{
    int64_t until = from + policy->rotate_s;
    int64_t next_end;

    while (alive_at(records, until, &next_end) >= STEK_RECORDS_MAX - 1)
        until = next_end;
    record->active_from = from;
    record->active_until = until;
    record->accept_until = until + policy->accept_s;
}

/* Makes *record, the last of the chain, its own continuation: what nobody published. */
static enum stek_result continue_record(const struct stek_records *records, const struct stek_policy *policy,
                                        struct stek_record *record)
{
    enum stek_result result = stek_derive_continuation(&record->secret, &record->secret);

    if (result != STEK_OK)
        return result;
    record->seq++;
    record->origin = STEK_ORIGIN_CONTINUED;
    set_times(records, policy, record->active_until, record);
    return STEK_OK;
}

/* Adds a record; only a ring that was merged to the brim has to give up its oldest for it. */
static void append(struct stek_records *records, const struct stek_record *record)
{
    if (records->count == STEK_RECORDS_MAX)
        stek_records_remove(records, 0, 1);
    stek_records_append(records, record);
}

static bool out_of_reach(const struct stek_record *last, const struct stek_policy *policy, int64_t now)
{
    return now > last->active_until && (now - last->active_until) / policy->rotate_s >= STEK_CONTINUE_MAX;
}

/* Appends continuations of *last, the newest record, until one is active; what retired on the way is dropped. */
static enum stek_result settle_chain(struct stek_records *records, struct stek_record *last,
                                     const struct stek_policy *policy, int64_t now)
{
    if (out_of_reach(last, policy, now))
        return STEK_ERR_BUSY;
    while (last->active_until <= now) {
        enum stek_result result = continue_record(records, policy, last);
        if (result != STEK_OK)
            return result;
        stek_records_retire(records, last->active_from);
        append(records, last);
    }
    stek_records_retire(records, now);
    return STEK_OK;
}

static bool time_is_sane(int64_t now)
{
    return now >= -(STEK_TIME_MAX >> 1) && now <= (STEK_TIME_MAX >> 1);
}

enum stek_result stek_records_settle(struct stek_records *records, const struct stek_policy *policy, int64_t now)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    STEK_SECRET(stek_record) struct stek_record last = {0};

    if (records->count == 0 || !time_is_sane(now))
        return STEK_ERR_BUSY;
    last = *last_record(records);
    enum stek_result result = settle_chain(&next, &last, policy, now);
    if (result == STEK_OK && stek_records_active(&next, now) < 0)
        result = STEK_ERR_BUSY;
    if (result == STEK_OK)
        *records = next;
    return result;
}

/* Takes the next fresh secret that no record holds yet. */
static bool take_fresh(const struct stek_records *records, const struct stek_fresh *fresh, uint32_t *used,
                       struct stek_secret32 *ret_secret)
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

/* Begins a new chain at `now`, with a seq beyond what any holder of the old one can have reached by continuing it. */
static enum stek_result start_chain(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                    const struct stek_record *last, const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record first = {.seq = 1, .origin = STEK_ORIGIN_PUBLISHED};

    if (!take_fresh(records, fresh, used, &first.secret))
        return STEK_ERR_RANDOM;
    if (last != NULL) {
        int64_t asleep_s = now > last->active_until ? now - last->active_until : 0;
        first.seq = last->seq + 2 + (uint64_t)(asleep_s / policy->rotate_s);
    }
    stek_records_retire(records, now);
    set_times(records, policy, now, &first);
    append(records, &first);
    return STEK_OK;
}

/*
 * The clock went back to a time that no record covers. Within one interval the next record simply begins earlier;
 * beyond, what was made at the wrong time goes, since it would not retire for as long as the clock was wrong.
 * Returns whether a record is active now.
 */
static bool rewind_clock(struct stek_records *records, int64_t now)
{
    size_t next = 0;

    while (records->at[next].active_from <= now)
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
static enum stek_result ensure_active(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                      const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record last = {0};

    if (records->count == 0)
        return start_chain(records, policy, now, NULL, fresh, used);
    last = *last_record(records);
    if (stek_records_active(records, now) < 0 && last.active_from <= now) {
        enum stek_result result = settle_chain(records, &last, policy, now);
        return result == STEK_ERR_BUSY ? start_chain(records, policy, now, &last, fresh, used) : result;
    }
    if (stek_records_active(records, now) < 0 && !rewind_clock(records, now))
        return start_chain(records, policy, now, &last, fresh, used);
    stek_records_retire(records, now);
    return STEK_OK;
}

/* Publishes future records: fresh where they begin late enough, continued where they are as good as settled. */
static enum stek_result publish_ahead(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                      const struct stek_fresh *fresh, uint32_t *used)
{
    STEK_SECRET(stek_record) struct stek_record next = {0};

    while (pending_count(records, now) < policy->ahead && records->count < STEK_RECORDS_MAX) {
        next = *last_record(records);
        if (next.active_until - now >= (policy->rotate_s + 1) / 2) {
            if (!take_fresh(records, fresh, used, &next.secret))
                return STEK_OK;
            next.seq++;
            next.origin = STEK_ORIGIN_PUBLISHED;
            set_times(records, policy, next.active_until, &next);
        } else {
            enum stek_result result = continue_record(records, policy, &next);
            if (result != STEK_OK)
                return result;
        }
        append(records, &next);
    }
    return STEK_OK;
}

bool stek_records_due(const struct stek_records *records, const struct stek_policy *policy, int64_t now)
{
    int64_t next_end;

    if (stek_records_active(records, now) < 0 || alive_at(records, now, &next_end) < records->count)
        return true;
    return pending_count(records, now) < policy->ahead && records->count < STEK_RECORDS_MAX;
}

enum stek_result stek_records_advance(struct stek_records *records, const struct stek_policy *policy, int64_t now,
                                      const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_records) struct stek_records next = *records;
    uint32_t used = 0;

    if (!time_is_sane(now))
        return STEK_ERR_ARGUMENT;
    enum stek_result result = ensure_active(&next, policy, now, fresh, &used);
    if (result == STEK_OK)
        result = publish_ahead(&next, policy, now, fresh, &used);
    if (result == STEK_OK)
        *records = next;
    return result;
}
