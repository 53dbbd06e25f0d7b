/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/adopt.h"

#include "core/chain.h"
#include "crypto/derive.h"

/* Whether what stood before `record` has retired: then a gap before it says nothing against it. */
static bool has_retired_between(const struct stek_sync *sync, const struct stek_record *record,
                                int64_t now)
{
    return record->active_from + sync->policy.accept_s <= now;
}

/* Whether `record` is what comes after `before` in a chain of which `before` is published. */
static enum stek_result follows(const struct stek_sync *sync, const struct stek_record *before,
                                const struct stek_record *record, int64_t now, bool *ret_follows)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 next;

    *ret_follows = has_retired_between(sync, record, now);
    if (record->seq != before->seq + 1)
        return STEK_OK;
    *ret_follows = false;
    if (record->origin == STEK_ORIGIN_PUBLISHED) {
        *ret_follows = !sync->diverged;
        return STEK_OK;
    }
    if (record->active_from > now && record->active_from != before->active_until)
        return STEK_OK; /* the times before it have changed: it is continued again */
    enum stek_result result = stek_derive_continuation(&before->secret, &next);
    if (result == STEK_OK)
        *ret_follows = CRYPTO_memcmp(&next, &record->secret, sizeof next) == 0;
    return result;
}

static void part_with(struct stek_sync *sync, size_t index, int64_t now)
{
    for (size_t i = (size_t)sync->records.count; i-- > index;)
        if (stek_record_counts(&sync->records.at[i]))
            stek_adopt_put_aside(sync, i, now);
}

/* The continuation of seq - 1, up to the next record. Nothing without time between the two. */
static enum stek_result fill(struct stek_sync *sync, uint64_t seq)
{
    STEK_SECRET(stek_record) struct stek_record record = {0};
    const struct stek_record *after = stek_records_find(&sync->records, seq + 1);

    record = *stek_records_find(&sync->records, seq - 1);
    enum stek_result result = stek_chain_continue(&sync->records, &sync->policy, &record);
    if (result != STEK_OK)
        return result;
    if (after != NULL && after->active_from <= record.active_from)
        return STEK_OK;
    if (after != NULL && after->active_from < record.active_until)
        record.active_until = after->active_from;
    stek_records_insert(&sync->records, &record);
    return STEK_OK;
}

/* The index of the next record that counts from `index` on, or the count. */
static size_t counting_from(const struct stek_records *records, size_t index)
{
    while (index < records->count && !stek_record_counts(&records->at[index]))
        index++;
    return index;
}

static bool is_published(struct stek_sync *sync, uint64_t seq)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, seq);

    return entry != NULL && entry->presence == STEK_PRESENCE_HELD;
}

/* What comes after the record at `index`: parts with a continuation of something else, and fills a
 * gap that is not over. */
static enum stek_result join_next(struct stek_sync *sync, size_t index, int64_t now,
                                  bool *ret_joined)
{
    const struct stek_record *before = &sync->records.at[index];
    const size_t next = counting_from(&sync->records, index + 1);
    const struct stek_record *after = &sync->records.at[next];
    bool good = true;

    *ret_joined = true;
    if (next == sync->records.count || is_published(sync, after->seq))
        good = true;
    else if (after->seq == before->seq + 1) {
        enum stek_result result = follows(sync, before, after, now, &good);
        if (result != STEK_OK)
            return result;
    }
    if (!good) {
        stek_adopt_put_aside(sync, next, now);
        *ret_joined = false;
        return STEK_OK;
    }
    if (next == sync->records.count || after->seq == before->seq + 1 || after->active_from <= now ||
        before->active_until >= after->active_from ||
        stek_records_pending(&sync->records, now) > STEK_AHEAD_MAX)
        return STEK_OK;
    *ret_joined = false;
    return fill(sync, before->seq + 1);
}

/*
 * A seq before the last published one that is not in the store, or whose value cannot be used, is
 * settled: every host continues over it, ahead of time, since nothing else will seal then.
 */
static enum stek_result fill_holes(struct stek_sync *sync, int64_t now)
{
    enum stek_result result = STEK_OK;
    bool joined = true;

    for (size_t i = counting_from(&sync->records, 0);
         i < sync->records.count && result == STEK_OK;) {
        result = join_next(sync, i, now, &joined);
        if (joined)
            i = counting_from(&sync->records, i + 1);
    }
    return result;
}

/* The same at the end: the next seq has a useless value, and nothing can be put there. */
static enum stek_result pass_refused(struct stek_sync *sync, int64_t now)
{
    const struct stek_record *last = stek_records_last(&sync->records);
    enum stek_result result = STEK_OK;

    while (result == STEK_OK && last != NULL &&
           stek_records_pending(&sync->records, now) <= STEK_AHEAD_MAX) {
        const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, last->seq + 1);
        if (entry == NULL || entry->presence != STEK_PRESENCE_REFUSED)
            break;
        result = fill(sync, last->seq + 1);
        last = stek_records_last(&sync->records);
    }
    return result;
}

/* Looks at the records after the last published one that this ring holds. */
static enum stek_result check_line(struct stek_sync *sync, int64_t now)
{
    const struct stek_storeview_entry *last =
        stek_storeview_find(&sync->view, stek_storeview_last(&sync->view));
    bool good = true;

    if (last == NULL || last->presence != STEK_PRESENCE_HELD)
        return STEK_OK;
    const struct stek_record *before = stek_records_find(&sync->records, last->seq);
    for (size_t i = 0; i < sync->records.count; i++) {
        const struct stek_record *record = &sync->records.at[i];
        if (!stek_record_counts(record) || record->seq <= last->seq)
            continue;
        enum stek_result result = follows(sync, before, record, now, &good);
        if (result != STEK_OK)
            return result;
        if (!good) {
            part_with(sync, i, now);
            break;
        }
        before = record;
    }
    sync->diverged = false;
    return STEK_OK;
}

/* A continuation half an interval ahead came from a fast clock: it may become random. */
static void drop_early(struct stek_sync *sync, int64_t now)
{
    for (;;) {
        const struct stek_record *last = stek_records_last(&sync->records);
        if (last == NULL || last->origin != STEK_ORIGIN_CONTINUED ||
            stek_storeview_has(&sync->view, last->seq) ||
            last->active_from - now < (sync->policy.rotate_s + 1) / 2)
            return;
        const size_t index = (size_t)(last - sync->records.at);
        stek_records_remove(&sync->records, index, index + 1);
    }
}

/* When a record is to end: as it is published itself, and where the next published one begins. */
static int64_t published_end(struct stek_sync *sync, const struct stek_record *record)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, record->seq);
    const struct stek_storeview_entry *next = stek_storeview_find(&sync->view, record->seq + 1);
    const bool is_held = entry != NULL && entry->presence == STEK_PRESENCE_HELD;
    int64_t end = record->active_until;

    /* A revocation on this host may have moved it, and that is still to be put. */
    if (is_held && !sync->floor_ahead && entry->active_until <= record->accept_until)
        end = entry->active_until;
    if (next != NULL && next->presence == STEK_PRESENCE_HELD &&
        next->active_from > record->active_from && next->active_from < end)
        end = next->active_from;
    return end;
}

/*
 * A host that was cut off while others rotated by hand may put an old copy of a record again that
 * somebody has overwritten; its times are then later than those of the records around it. And a
 * revocation on one host moves records there that the store never hears of if another host's
 * counts. So ends follow from what is published, as all hosts see it, and from nothing else.
 */
static void end_as_published(struct stek_sync *sync)
{
    for (size_t i = 0; i < sync->records.count; i++) {
        struct stek_record *record = &sync->records.at[i];
        const int64_t end = stek_record_counts(record) ? published_end(sync, record) : 0;
        if (end > record->active_from)
            record->active_until = end;
    }
}

/* Whether a record before this one seals at `now` if this one does not. */
static bool is_covered(const struct stek_sync *sync, size_t index, int64_t now)
{
    for (size_t i = 0; i < index; i++) {
        const struct stek_record *record = &sync->records.at[i];
        if (stek_record_counts(record) && record->active_from <= now && now < record->active_until)
            return true;
    }
    return false;
}

/*
 * A record that began early here, since nothing else sealed (decide.c), begins as published once
 * what stands before it is back. Else a rotation by hand on this host would put it before that one.
 */
static void begin_as_published(struct stek_sync *sync, int64_t now)
{
    int64_t next = INT64_MAX; /* when the record after it begins */

    for (size_t i = (size_t)sync->records.count; i-- > 0 && !sync->floor_ahead;) {
        struct stek_record *record = &sync->records.at[i];
        const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, record->seq);
        if (!stek_record_counts(record))
            continue;
        if (is_published(sync, record->seq) && record->active_from <= now &&
            now < entry->active_from && entry->active_from < record->active_until &&
            entry->active_from < next && is_covered(sync, i, now))
            record->active_from = entry->active_from;
        next = record->active_from;
    }
}

enum stek_result stek_adopt_repair_chain(struct stek_sync *sync, int64_t now)
{
    enum stek_result result = check_line(sync, now);

    if (result != STEK_OK)
        return result;
    end_as_published(sync);
    begin_as_published(sync, now);
    drop_early(sync, now);
    result = fill_holes(sync, now);
    return result == STEK_OK ? pass_refused(sync, now) : result;
}
