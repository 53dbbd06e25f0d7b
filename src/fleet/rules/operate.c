/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/operate.h"

#include "fleet/rules/adopt.h"
#include "fleet/rules/publish.h"

bool stek_operate_is_done(struct stek_sync *sync, int64_t now)
{
    if (sync->op == STEK_SYNC_OP_REVOKE)
        return sync->op_floor != 0 && sync->floor >= sync->op_floor;
    if (sync->op_seq == 0)
        return false;
    const struct stek_record *record = stek_records_find(&sync->records, sync->op_seq);
    return record == NULL || record->active_from <= now;
}

/* The entry of a record that is in the store as this ring has it, or NULL. */
static const struct stek_storeview_entry *held(struct stek_sync *sync, uint64_t seq)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, seq);

    return entry != NULL && entry->presence == STEK_PRESENCE_HELD ? entry : NULL;
}

/*
 * Puts the records from `first` on again, all so much earlier that `first` begins now. False: one
 * is not in the store.
 */
static bool move_up(struct stek_sync *sync, uint64_t first, int64_t now,
                    struct stek_sync_write *write)
{
    STEK_SECRET(stek_record) struct stek_record moved = {0};
    int64_t by_s = 0;

    for (size_t i = 0; i < sync->records.count; i++) {
        const struct stek_record *record = &sync->records.at[i];
        if (!stek_record_counts(record) || record->seq < first || record->active_from <= now)
            continue;
        const struct stek_storeview_entry *entry = held(sync, record->seq);
        if (entry == NULL)
            return false;
        if (record->seq == first)
            by_s = record->active_from - now;
        moved = *record;
        moved.active_from -= by_s;
        moved.active_until -= by_s;
        stek_publish_put(sync, &moved, entry->revision, now, write);
    }
    return true;
}

/* The active record ends now, and the next one begins. Tickets open for as long as promised. */
static bool rotate(struct stek_sync *sync, int64_t now, struct stek_sync_write *write)
{
    STEK_SECRET(stek_record) struct stek_record ended = {0};
    const int active = stek_records_active(&sync->records, now);

    if (active < 0)
        return false;
    ended = sync->records.at[active];
    const struct stek_storeview_entry *entry = held(sync, ended.seq);
    if (entry == NULL || held(sync, ended.seq + 1) == NULL || ended.active_from >= now)
        return false;
    if (sync->op_seq == 0)
        sync->op_seq = ended.seq + 1;
    if (sync->op_seq != ended.seq + 1)
        return false;
    ended.active_until = now;
    stek_publish_put_before(sync, ended.seq, ended.active_from, now, write);
    stek_publish_put(sync, &ended, entry->revision, now, write);
    return move_up(sync, sync->op_seq, now, write);
}

/* The lowest seq above all that this host and the store know. */
static uint64_t beyond_all(const struct stek_sync *sync)
{
    const struct stek_record *last = stek_records_last(&sync->records);
    uint64_t beyond = stek_storeview_highest(&sync->view) + 1;

    if (last != NULL && last->seq >= beyond)
        beyond = last->seq + 1;
    return beyond <= sync->floor ? sync->floor + 1 : beyond;
}

/* Raises the floor; the record there begins now, or a new one does. */
static enum stek_result revoke(struct stek_sync *sync, int64_t now, const struct stek_fresh *fresh,
                               struct stek_sync_write *write, bool *ret_ready)
{
    STEK_SECRET(stek_record) struct stek_record first = {0};
    const struct stek_record *there = stek_records_find(&sync->records, sync->op_floor);
    uint32_t used = 0;

    write->put_floor = true;
    const bool stands =
        there != NULL && there->origin == STEK_ORIGIN_PUBLISHED && held(sync, there->seq) != NULL;
    if (stands) {
        *ret_ready = move_up(sync, there->seq, now, write);
    } else {
        sync->op_floor = beyond_all(sync);
        enum stek_result result =
            stek_publish_first(sync, sync->op_floor, now, fresh, &used, &first);
        if (result != STEK_OK)
            return result;
        stek_publish_put(sync, &first, 0, now, write);
        *ret_ready = true;
    }
    write->floor = sync->op_floor;
    write->delete_below = sync->op_floor;
    return STEK_OK;
}

enum stek_result stek_operate_write(struct stek_sync *sync, int64_t now,
                                    const struct stek_fresh *fresh,
                                    struct stek_sync_write *ret_write, bool *ret_ready)
{
    stek_publish_begin(sync, now, ret_write);
    *ret_ready = false;
    if (sync->op == STEK_SYNC_OP_REVOKE)
        return revoke(sync, now, fresh, ret_write, ret_ready);
    *ret_ready = rotate(sync, now, ret_write);
    return STEK_OK;
}

/* What is below the floor, and what only opens: it may follow from such a record. */
static uint64_t destroy_below(struct stek_sync *sync, uint64_t floor)
{
    uint64_t destroyed = 0;

    for (size_t i = (size_t)sync->records.count; i-- > 0;) {
        const struct stek_record *record = &sync->records.at[i];
        if (record->seq >= floor && stek_record_counts(record))
            continue;
        stek_records_remove(&sync->records, i, i + 1);
        destroyed++;
    }
    return destroyed;
}

/* The record `first` begins now if it is pending, and those after it as much earlier. */
static void begin_now(struct stek_records *records, uint64_t first, int64_t now)
{
    int64_t by_s = 0;

    for (size_t i = 0; i < records->count; i++) {
        struct stek_record *record = &records->at[i];
        if (!stek_record_counts(record) || record->seq < first || record->active_from <= now)
            continue;
        if (record->seq == first)
            by_s = record->active_from - now;
        record->active_from -= by_s;
        record->active_until -= by_s;
    }
}

/* Beyond all, and beyond what this host has asked the store to take. */
static uint64_t beyond_writes(const struct stek_sync *sync)
{
    uint64_t beyond = beyond_all(sync);

    for (uint32_t i = 0; i < sync->out.count && sync->writing; i++)
        if (sync->out.put[i].record.seq >= beyond)
            beyond = sync->out.put[i].record.seq + 1;
    return beyond;
}

uint64_t stek_sync_revoke_here(struct stek_sync *sync, uint64_t floor, int64_t now,
                               const struct stek_fresh *fresh)
{
    STEK_SECRET(stek_record) struct stek_record first = {0};
    const struct stek_record *there = stek_records_find(&sync->records, floor);
    const bool stands = there != NULL && there->origin == STEK_ORIGIN_PUBLISHED;
    uint32_t used = 0;

    if (floor != 0 && floor <= sync->floor)
        return 0;
    if (!stands)
        floor = beyond_writes(sync);
    const enum stek_result result =
        stands ? STEK_OK : stek_publish_first(sync, floor, now, fresh, &used, &first);
    const uint64_t destroyed = destroy_below(sync, floor);
    if (stands)
        begin_now(&sync->records, floor, now);
    else if (result == STEK_OK)
        stek_records_insert(&sync->records, &first);
    sync->floor = floor;
    sync->floor_ahead = true;
    sync->revoked_here = true;
    stek_adopt_raised(sync);
    return destroyed;
}
