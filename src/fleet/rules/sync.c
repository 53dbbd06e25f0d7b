/* SPDX-License-Identifier: Apache-2.0 */
/* What a host learns of the store. What it does about it: decide.c. */
#include "fleet/rules/sync.h"

#include "fleet/rules/adopt.h"

#include <string.h>

enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 60000 };

void stek_sync_init(struct stek_sync *sync, const struct stek_policy *policy,
                    const struct stek_records *records, uint64_t floor)
{
    memset(sync, 0, sizeof *sync);
    sync->policy = *policy;
    sync->floor =
        floor > 0 ? floor : 1; /* a floor that is there tells whose key-encryption key it is */
    sync->shown_floor = floor;
    sync->floor_ahead = sync->floor > 1; /* a revocation here that the store may have missed */
    sync->publish_at_ms = INT64_MAX;
    sync->retry_ms = RETRY_FIRST_MS;
    if (records != NULL) {
        sync->records = *records;
        sync->shown = *records;
    }
}

/* A store that was restored from a backup has lower revisions: what is known of it is of another
 * time. */
void stek_sync_read_begin(struct stek_sync *sync, int64_t revision)
{
    if (revision < sync->view.revision)
        memset(&sync->view, 0, sizeof sync->view);
    stek_storeview_begin(&sync->view, revision);
    sync->reading = true;
    sync->read_wanted = false;
}

void stek_sync_read_end(struct stek_sync *sync)
{
    stek_storeview_end(&sync->view);
    sync->reading = false;
    sync->read_asked = false;
    sync->synced = true;
}

/*
 * Whether something newer is known of a key than a change at `revision`. A reading says how all
 * keys are at its revision, also where less is told than was known: the store may have been
 * restored from a backup since, and have gone on to higher revisions.
 */
static bool is_old_news(const struct stek_sync *sync, int64_t known, int64_t revision)
{
    const bool is_read = sync->reading && revision <= sync->view.read_revision;

    return is_read ? known > sync->view.read_revision : known > revision;
}

/* Whether the ring has this very record under the entry. */
static bool is_known(struct stek_sync *sync, const struct stek_storeview_entry *entry,
                     const struct stek_record *record)
{
    const struct stek_record *mine = stek_records_find(&sync->records, entry->seq);

    return entry->presence == STEK_PRESENCE_HELD && mine != NULL &&
           entry->active_from == record->active_from &&
           entry->active_until == record->active_until &&
           entry->accept_until == record->accept_until &&
           CRYPTO_memcmp(&mine->secret, &record->secret, sizeof mine->secret) == 0;
}

/*
 * Before a change of another transaction is noted. It may take away what came with a floor, and the
 * host may hear of both before it decides. So the floor is obeyed while that stands.
 */
static void obey_floor_before(struct stek_sync *sync, int64_t revision)
{
    if (sync->synced && !sync->reading && revision > sync->view.revision &&
        sync->view.floor_highest > sync->floor)
        stek_adopt_raise(sync);
}

void stek_sync_saw_record(struct stek_sync *sync, uint64_t seq, int64_t revision,
                          enum stek_value value, const struct stek_record *record, int64_t now)
{
    obey_floor_before(sync, revision);
    if (value != STEK_VALUE_GOOD) {
        stek_adopt_refuse(sync, seq, (enum stek_refusal)value);
        stek_sync_saw_record_deleted(sync, seq, revision);
        return;
    }
    if (seq > 0 && record->seq == seq && stek_adopt_is_revoked(sync, record)) {
        stek_adopt_refuse(sync, seq, STEK_REFUSAL_BELOW_FLOOR);
        stek_sync_saw_record_deleted(sync, seq, revision);
        return;
    }
    struct stek_storeview_entry *entry = seq > 0 ? stek_storeview_add(&sync->view, seq, now) : NULL;
    stek_storeview_note(&sync->view, revision);
    if (entry == NULL || is_old_news(sync, entry->revision, revision))
        return;
    entry->seen = true;
    if (revision == entry->revision && is_known(sync, entry, record))
        return;
    entry->revision = revision;
    stek_adopt_value(sync, entry, record, now);
}

void stek_sync_saw_record_deleted(struct stek_sync *sync, uint64_t seq, int64_t revision)
{
    obey_floor_before(sync, revision);
    struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, seq);
    stek_storeview_note(&sync->view, revision);
    if (entry == NULL || is_old_news(sync, entry->revision, revision))
        return;
    entry->revision = revision;
    entry->presence = STEK_PRESENCE_ABSENT;
    entry->seen = true;
}

void stek_sync_saw_floor(struct stek_sync *sync, int64_t revision, enum stek_value value,
                         uint64_t floor, uint64_t epoch)
{
    struct stek_storeview *view = &sync->view;

    obey_floor_before(sync, revision);
    stek_storeview_note(view, revision);
    if (is_old_news(sync, view->floor_revision, revision))
        return;
    view->floor_seen = true;
    const bool is_same =
        view->floor_good == (value == STEK_VALUE_GOOD) &&
        (!view->floor_good || (view->floor == floor && view->floor_epoch == epoch));
    if (revision == view->floor_revision && is_same)
        return;
    view->floor_revision = revision;
    view->floor_good = value == STEK_VALUE_GOOD;
    if (!view->floor_good) {
        stek_adopt_refuse(sync, 0, (enum stek_refusal)value);
        return;
    }
    view->floor = floor;
    view->floor_epoch = epoch;
    if (epoch > view->epoch_highest)
        view->epoch_highest = epoch;
    if (floor > view->floor_highest)
        view->floor_highest = floor;
    if (floor < sync->floor &&
        !sync->revoked_here) /* a higher one is obeyed next: see obey_floor_before() */
        stek_adopt_refuse(sync, 0, STEK_REFUSAL_FLOOR_FELL);
}

void stek_sync_saw_floor_deleted(struct stek_sync *sync, int64_t revision)
{
    obey_floor_before(sync, revision);
    stek_storeview_note(&sync->view, revision);
    if (is_old_news(sync, sync->view.floor_revision, revision))
        return;
    sync->view.floor_revision = 0;
    sync->view.floor_good = false;
    sync->read_wanted = true; /* whether it was made again since, the store must say */
}

/* What was put stands in the store now. */
static void note_written(struct stek_sync *sync, int64_t revision, int64_t now)
{
    struct stek_sync_write *out = &sync->out;

    if (out->put_floor)
        stek_sync_saw_floor(sync, revision, STEK_VALUE_GOOD, out->floor, out->epoch);
    for (uint32_t i = 0; i < sync->view.count; i++)
        if (sync->view.at[i].seq < out->delete_below)
            stek_sync_saw_record_deleted(sync, sync->view.at[i].seq, revision);
    for (uint32_t i = 0; i < out->count; i++)
        stek_sync_saw_record(sync, out->put[i].record.seq, revision, STEK_VALUE_GOOD,
                             &out->put[i].record, now);
}

void stek_sync_written(struct stek_sync *sync, enum stek_written outcome, int64_t revision,
                       int64_t now_ms)
{
    if (!sync->writing)
        return;
    sync->writing = false;
    sync->publish_at_ms = INT64_MAX;
    if (outcome == STEK_WRITTEN_WON)
        note_written(sync, revision, now_ms / 1000);
    if (outcome == STEK_WRITTEN_AMBIGUOUS || outcome == STEK_WRITTEN_LOST)
        sync->read_wanted = true;
    if (outcome == STEK_WRITTEN_REFUSED) {
        sync->retry_at_ms = now_ms + sync->retry_ms;
        sync->retry_ms = sync->retry_ms * 2 < RETRY_MAX_MS ? sync->retry_ms * 2 : RETRY_MAX_MS;
    } else {
        sync->retry_ms = RETRY_FIRST_MS;
    }
    stek_wipe(&sync->out, sizeof sync->out);
}

void stek_sync_disconnected(struct stek_sync *sync)
{
    stek_sync_written(sync, STEK_WRITTEN_AMBIGUOUS, 0, 0);
    sync->synced = false;
    sync->reading = false;
    sync->read_asked = false;
}

void stek_sync_forget_store(struct stek_sync *sync)
{
    memset(&sync->view, 0, sizeof sync->view);
    sync->synced = false;
    sync->reading = false;
    sync->read_asked = false;
}

void stek_sync_saw_clock(struct stek_sync *sync, int64_t ahead_ms)
{
    const int64_t most_ms = sync->policy.rotate_s * 500;

    sync->clock_off = ahead_ms > most_ms || ahead_ms < -most_ms;
}

void stek_sync_know_day(struct stek_sync *sync, bool clock_confirmed, uint64_t epoch)
{
    sync->clock_confirmed = clock_confirmed;
    sync->epoch = epoch;
}

const char *stek_sync_ask(struct stek_sync *sync, enum stek_sync_op op, uint64_t floor)
{
    if (!sync->synced)
        return op == STEK_SYNC_OP_REVOKE
                   ? "the store cannot be reached: nothing was done; --this-host revokes without it"
                   : "the store cannot be reached: nothing was done";
    if (sync->clock_off)
        return "this host's clock differs too much from the others', so it is read-only: set the "
               "clock, or use another host";
    if (sync->op != STEK_SYNC_OP_NONE)
        return "another operation on this ring is in progress: try again in a moment";
    if (op == STEK_SYNC_OP_REVOKE && floor != 0 && floor <= sync->floor)
        return "it is revoked already";
    sync->op = op;
    sync->op_seq = 0;
    sync->op_floor = floor;
    sync->op_until_ms = 0;
    return NULL;
}

/* The first fresh record after `index`: no record before it leads to it. 0: there is none. */
static uint64_t fresh_after(const struct stek_records *records, size_t index)
{
    for (size_t i = index + 1; i < records->count; i++)
        if (records->at[i].origin == STEK_ORIGIN_PUBLISHED)
            return records->at[i].seq;
    return 0;
}

uint64_t stek_sync_floor_for(const struct stek_sync *sync, uint64_t seq)
{
    size_t index = 0;

    while (index + 1 < sync->records.count && sync->records.at[index + 1].seq <= seq)
        index++;
    return fresh_after(&sync->records, index);
}

uint64_t stek_sync_floor_before(const struct stek_sync *sync, int64_t when)
{
    size_t index = 0;

    for (size_t i = 0; i < sync->records.count; i++)
        if (sync->records.at[i].active_from < when)
            index = i;
    return fresh_after(&sync->records, index);
}
