/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record.h"

#include "crypto/keycheck.h"

#include <string.h>

int stek_records_active(const struct stek_records *records, int64_t now)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (stek_record_counts(&records->at[i]) && records->at[i].active_from <= now)
            return now < records->at[i].active_until ? (int)i : -1;
    return -1;
}

enum stek_state stek_record_state(const struct stek_records *records, size_t index, int64_t now)
{
    const struct stek_record *record = &records->at[index];

    if (now >= record->accept_until)
        return STEK_STATE_RETIRED;
    if (stek_records_active(records, now) == (int)index)
        return STEK_STATE_ACTIVE;
    return now < record->active_from && stek_record_counts(record) ? STEK_STATE_PENDING
                                                                   : STEK_STATE_DRAINING;
}

static bool time_in_range(int64_t when)
{
    return when >= -STEK_TIME_MAX && when <= STEK_TIME_MAX;
}

const char *stek_record_problem(const struct stek_record *record)
{
    if (record->seq == 0 || record->seq > STEK_SEQ_MAX)
        return "a record's seq is out of range";
    if (!time_in_range(record->active_from) || !time_in_range(record->active_until) ||
        !time_in_range(record->accept_until))
        return "a record's time is out of range";
    if (record->active_from >= record->active_until || record->active_until > record->accept_until)
        return "a record's times are in the wrong order";
    if (record->origin < STEK_ORIGIN_PUBLISHED || record->origin > STEK_ORIGIN_SUPERSEDED)
        return "a record's origin is unknown";
    if (stek_key_is_weak(record->secret.bytes, sizeof record->secret.bytes))
        return "a record's secret is weak";
    return NULL;
}

/* In constant time, as CRYPTO_memcmp() is; that one goes by bytes, which 64 records feel. */
static bool is_same_secret(const struct stek_secret32 *a, const struct stek_secret32 *b)
{
    uint64_t differs = 0;

    for (size_t at = 0; at < sizeof a->bytes; at += sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a->bytes + at, sizeof x);
        memcpy(&y, b->bytes + at, sizeof y);
        differs |= x ^ y;
    }
    return differs == 0;
}

static bool secret_repeats(const struct stek_records *records, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_same_secret(&records->at[i].secret, &records->at[index].secret))
            return true;
    return false;
}

/* Of one seq, all but the last are superseded. */
static bool in_order(const struct stek_record *before, const struct stek_record *record)
{
    return before->seq < record->seq || (before->seq == record->seq && !stek_record_counts(before));
}

const char *stek_records_problem(const struct stek_records *records)
{
    const struct stek_record *before = NULL; /* the last one that counts */

    if (records->count > STEK_RECORDS_MAX)
        return "more than 64 records";
    for (size_t i = 0; i < records->count; i++) {
        const struct stek_record *record = &records->at[i];
        const char *problem = stek_record_problem(record);
        if (problem != NULL)
            return problem;
        if (i > 0 && !in_order(&records->at[i - 1], record))
            return "records are not in the order of their seq";
        if (before != NULL && stek_record_counts(record) &&
            record->active_from <= before->active_from)
            return "a later record starts before an earlier one";
        if (secret_repeats(records, i))
            return "two records have the same secret";
        if (stek_record_counts(record))
            before = record;
    }
    return NULL;
}

bool stek_records_hold_secret(const struct stek_records *records,
                              const struct stek_secret32 *secret)
{
    for (size_t i = 0; i < records->count; i++)
        if (is_same_secret(&records->at[i].secret, secret))
            return true;
    return false;
}

void stek_records_append(struct stek_records *records, const struct stek_record *record)
{
    records->at[records->count++] = *record;
}

const struct stek_record *stek_records_last(const struct stek_records *records)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (stek_record_counts(&records->at[i]))
            return &records->at[i];
    return NULL;
}

struct stek_record *stek_records_find(struct stek_records *records, uint64_t seq)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (records->at[i].seq == seq && stek_record_counts(&records->at[i]))
            return &records->at[i];
    return NULL;
}

/* The record that is removed from a full ring to make room. */
static size_t least_needed(const struct stek_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        if (!stek_record_counts(&records->at[i]))
            return i;
    return 0;
}

static void remove_superseded(struct stek_records *records, const struct stek_secret32 *secret)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (!stek_record_counts(&records->at[i]) && is_same_secret(&records->at[i].secret, secret))
            stek_records_remove(records, i, i + 1);
}

void stek_records_insert(struct stek_records *records, const struct stek_record *record)
{
    remove_superseded(records, &record->secret);
    if (records->count == STEK_RECORDS_MAX) {
        const size_t least = least_needed(records);
        stek_records_remove(records, least, least + 1);
    }
    uint64_t place = records->count;
    while (place > 0 && (records->at[place - 1].seq > record->seq ||
                         (records->at[place - 1].seq == record->seq &&
                          stek_record_counts(&records->at[place - 1]))))
        place--;
    for (uint64_t i = records->count; i > place; i--)
        records->at[i] = records->at[i - 1];
    records->at[place] = *record;
    records->count++;
}

void stek_records_remove(struct stek_records *records, uint64_t from, uint64_t until)
{
    const uint64_t gone = until - from;

    for (uint64_t i = until; i < records->count; i++)
        records->at[i - gone] = records->at[i];
    for (uint64_t i = records->count - gone; i < records->count; i++)
        stek_record_wipe(&records->at[i]);
    records->count -= gone;
}

/* Narrows the view to the side of the boundary `when` on which `now` lies. */
static void narrow(struct stek_view *view, int64_t when, int64_t now)
{
    if (when <= now && when > view->valid_from)
        view->valid_from = when;
    if (when > now && when < view->valid_until)
        view->valid_until = when;
}

void stek_records_view(const struct stek_records *records, int64_t now, struct stek_view *ret_view)
{
    *ret_view = (struct stek_view){INT64_MIN, INT64_MAX, stek_records_active(records, now)};
    for (size_t i = 0; i < records->count; i++) {
        narrow(ret_view, records->at[i].active_from, now);
        narrow(ret_view, records->at[i].active_until, now);
        narrow(ret_view, records->at[i].accept_until, now);
    }
}

void stek_records_retire(struct stek_records *records, int64_t now)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (records->at[i].accept_until <= now)
            stek_records_remove(records, i, i + 1);
}

uint32_t stek_records_pending(const struct stek_records *records, int64_t now)
{
    uint32_t pending = 0;

    for (size_t i = 0; i < records->count; i++)
        pending += stek_record_counts(&records->at[i]) && records->at[i].active_from > now;
    return pending;
}
