/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the store, what a floor revokes of it, and what follows from that. */
#include "fleet/rules/adopt.h"

#include "crypto/derive.h"

uint64_t stek_adopt_floor(const struct stek_sync *sync)
{
    return sync->view.floor_highest > sync->floor ? sync->view.floor_highest : sync->floor;
}

bool stek_adopt_stands(const struct stek_sync *sync, const struct stek_storeview_entry *entry)
{
    return entry->presence == STEK_PRESENCE_HELD && (entry->seen || !sync->reading);
}

bool stek_adopt_is_held(struct stek_sync *sync, const struct stek_record *record)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, record->seq);

    return stek_record_counts(record) && entry != NULL && stek_adopt_stands(sync, entry);
}

static bool leads_to(const struct stek_record *before, const struct stek_record *record)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 next;

    return stek_derive_continuation(&before->secret, &next) == STEK_OK &&
           CRYPTO_memcmp(&record->secret, &next, sizeof next) == 0;
}

bool stek_adopt_is_ended(struct stek_sync *sync, uint64_t seq)
{
    const struct stek_record *before = NULL;

    for (uint64_t i = stek_adopt_floor(sync); i <= seq; i++) {
        const struct stek_record *mine = stek_records_find(&sync->records, i);
        if (mine == NULL || mine->origin != STEK_ORIGIN_CONTINUED)
            return false;
        if (before != NULL && !leads_to(before, mine))
            return false;
        before = mine;
    }
    return true;
}

/*
 * Whether this continuation stands right after the floor, and the fresh record at the floor is here
 * and does not lead to it. So it continues one that stood at the floor and is revoked, or another
 * fresh one that was lost: a host cannot tell that does not have the other one, too. If it has,
 * that one is superseded here, and not revoked: when the floor rose, all went that was not in the
 * store. Where the one at the floor is this host's alone, it is put next, and then all hosts refuse
 * alike.
 */
static bool passes_floor(struct stek_sync *sync, const struct stek_record *record)
{
    const uint64_t floor = stek_adopt_floor(sync);
    const struct stek_record *first = stek_records_find(&sync->records, floor);

    if (record->origin != STEK_ORIGIN_CONTINUED || record->seq != floor + 1 || first == NULL ||
        first->origin != STEK_ORIGIN_PUBLISHED)
        return false;
    for (size_t i = 0; i < sync->records.count; i++)
        if (sync->records.at[i].seq == floor && leads_to(&sync->records.at[i], record))
            return false;
    return true;
}

/*
 * Whether `record` is what `secret` at `seq` becomes when it is continued up to there: what stood
 * between the two may be gone.
 */
static bool continues_over(const struct stek_secret32 *secret, uint64_t seq,
                           const struct stek_record *record)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 next = *secret;

    if (seq == 0 || record->seq < seq || record->seq - seq >= STEK_RECORDS_MAX)
        return false;
    for (; seq < record->seq; seq++)
        if (stek_derive_continuation(&next, &next) != STEK_OK)
            return false;
    return CRYPTO_memcmp(&record->secret, &next, sizeof next) == 0;
}

bool stek_adopt_is_revoked(struct stek_sync *sync, const struct stek_record *record)
{
    if (record->origin != STEK_ORIGIN_CONTINUED ||
        !(continues_over(&sync->revoked_next, sync->revoked_seq, record) ||
          record->seq == stek_adopt_floor(sync) || passes_floor(sync, record)))
        return false;
    if (stek_derive_continuation(&record->secret, &sync->revoked_next) == STEK_OK)
        sync->revoked_seq = record->seq + 1;
    return true;
}

/*
 * Drops what is revoked, and what continues that. When the floor has risen: what is below it, a
 * continuation at it, and all that is not published, since it may continue what is revoked. Those
 * after it may also continue a fresh record of this floor, which only the host had that revoked.
 */
static bool drop_revoked(struct stek_sync *sync, uint64_t floor)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 next = {{0}};
    const bool rises = floor > sync->floor;
    const uint64_t count = sync->records.count;
    bool knows_next = false;
    uint64_t dropped = rises ? floor - 1 : STEK_SEQ_MAX;

    for (size_t i = 0; i < sync->records.count;) {
        const struct stek_record *record = &sync->records.at[i];
        const bool follows =
            record->origin == STEK_ORIGIN_CONTINUED &&
            (knows_next ? continues_over(&next, dropped + 1, record) : record->seq == dropped + 1);
        const bool passes = stek_adopt_is_held(sync, record) && passes_floor(sync, record);
        const bool continues = follows || passes;
        if (!continues && (!rises || (record->seq >= floor && stek_adopt_is_held(sync, record)))) {
            i++;
            continue;
        }
        if (continues) {
            dropped = record->seq;
            knows_next = stek_derive_continuation(&record->secret, &next) == STEK_OK;
        }
        stek_records_remove(&sync->records, i, i + 1);
    }
    return sync->records.count < count;
}

void stek_adopt_raised(struct stek_sync *sync)
{
    const uint64_t floor = sync->floor;

    for (uint32_t i = 0; i < sync->view.count; i++) {
        struct stek_storeview_entry *entry = &sync->view.at[i];
        const bool dropped = entry->presence == STEK_PRESENCE_HELD &&
                             stek_records_find(&sync->records, entry->seq) == NULL;
        if (dropped)
            entry->presence = entry->seq < floor ? STEK_PRESENCE_IDLE : STEK_PRESENCE_ABSENT;
        if (entry->seq >= floor && entry->presence == STEK_PRESENCE_REFUSED)
            sync->read_wanted =
                true; /* it may have been refused for the sake of a record that is gone now */
    }
}

void stek_adopt_raise(struct stek_sync *sync)
{
    const uint64_t floor = stek_adopt_floor(sync);

    const bool dropped = drop_revoked(sync, floor);
    const bool rose = floor > sync->floor;
    sync->floor = floor;
    if (rose || dropped)
        stek_adopt_raised(sync);
}
