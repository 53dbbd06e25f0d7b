/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/adopt.h"

static bool same_secret(const struct stek_record *a, const struct stek_record *b)
{
    return CRYPTO_memcmp(&a->secret, &b->secret, sizeof a->secret) == 0;
}

void stek_adopt_refuse(struct stek_sync *sync, uint64_t seq, enum stek_refusal refusal)
{
    sync->refused[refusal]++;
    if (sync->report_count < STEK_SYNC_REPORTS_MAX)
        sync->report[sync->report_count++] = (struct stek_sync_report){seq, refusal};
}

/*
 * Whether what begins then does so after all published records of lower seqs and before all of
 * higher ones: by their published times, for a host may have let one begin earlier.
 */
static bool in_order(struct stek_sync *sync, uint64_t seq, int64_t active_from)
{
    for (uint32_t i = 0; i < sync->view.count; i++) {
        const struct stek_storeview_entry *other = &sync->view.at[i];
        if (!stek_adopt_stands(sync, other) || other->seq == seq ||
            stek_adopt_is_ended(sync, other->seq))
            continue;
        if (other->seq < seq ? other->active_from >= active_from
                             : other->active_from <= active_from)
            return false;
    }
    return true;
}

static bool repeats_published(struct stek_sync *sync, const struct stek_record *record)
{
    for (size_t i = 0; i < sync->records.count; i++)
        if (sync->records.at[i].seq != record->seq &&
            stek_adopt_is_held(sync, &sync->records.at[i]) &&
            same_secret(&sync->records.at[i], record))
            return true;
    return false;
}

static bool is_sound(const struct stek_record *record)
{
    return stek_record_problem(record) == NULL && stek_record_counts(record) &&
           record->accept_until - record->active_until <= STEK_ACCEPT_MAX_S * 2;
}

static enum stek_refusal judge(struct stek_sync *sync, uint64_t seq,
                               const struct stek_record *record)
{
    if (record->seq != seq)
        return STEK_REFUSAL_MISPLACED;
    if (!is_sound(record) || repeats_published(sync, record))
        return STEK_REFUSAL_UNSOUND;
    if (seq < stek_adopt_floor(sync))
        return STEK_REFUSAL_BELOW_FLOOR;
    return in_order(sync, seq, record->active_from) ? STEK_REFUSAL_NONE : STEK_REFUSAL_BACKWARDS;
}

/* Whether a ring takes a good record: not a retired one, and not one too far ahead to fit. */
static bool takes(const struct stek_sync *sync, uint64_t seq, int64_t active_from,
                  int64_t accept_until, int64_t now)
{
    uint32_t before = 0;
    uint32_t counting = 0;

    if (accept_until <= now || seq < stek_adopt_floor(sync))
        return false;
    for (size_t i = 0; i < sync->records.count; i++) {
        const struct stek_record *record = &sync->records.at[i];
        counting += stek_record_counts(record);
        before += stek_record_counts(record) && record->active_from > now && record->seq < seq;
    }
    if (active_from > now && before > STEK_AHEAD_MAX)
        return false;
    return counting < STEK_RECORDS_MAX || seq > sync->records.at[0].seq;
}

static void remove_at(struct stek_sync *sync, size_t index)
{
    stek_records_remove(&sync->records, index, index + 1);
}

/* A published one may have begun early, on any host that had nothing else: then it was moved back.
 */
static bool may_have_sealed(const struct stek_sync *sync, const struct stek_record *record,
                            int64_t now)
{
    return record->origin == STEK_ORIGIN_PUBLISHED ||
           record->active_from - now <= sync->policy.rotate_s / 2;
}

void stek_adopt_put_aside(struct stek_sync *sync, size_t index, int64_t now)
{
    struct stek_record *record = &sync->records.at[index];

    if (may_have_sealed(sync, record, now))
        record->origin = STEK_ORIGIN_SUPERSEDED;
    else
        remove_at(sync, index);
}

/* Makes room for a published record: sets others aside, removes its secret elsewhere. */
static void clear_way(struct stek_sync *sync, const struct stek_record *record, int64_t now)
{
    for (size_t i = (size_t)sync->records.count; i-- > 0;) {
        const struct stek_record *other = &sync->records.at[i];
        if (same_secret(other, record)) {
            remove_at(sync, i);
            continue;
        }
        if (!stek_record_counts(other) ||
            (other->seq != record->seq && stek_adopt_is_held(sync, other)))
            continue;
        const bool contradicts =
            other->seq == record->seq ||
            (other->seq < record->seq && other->active_from >= record->active_from) ||
            (other->seq > record->seq && other->active_from <= record->active_from);
        if (contradicts)
            stek_adopt_put_aside(sync, i, now);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Until when this host opens what it may have sealed under this secret: it has promised that. */
static int64_t promised_until(const struct stek_sync *sync, const struct stek_record *record,
                              int64_t now)
{
    int64_t until = INT64_MIN;

    for (size_t i = 0; i < sync->records.count; i++) {
        const struct stek_record *mine = &sync->records.at[i];
        if (mine->active_from <= now && mine->accept_until > until && same_secret(mine, record))
            until = mine->accept_until;
    }
    return until;
}

/*
 * The same record: its times only ever move forward in a rotation by hand, so the earlier ones are
 * the later news. If a continuation is new in the store, this host's times for it were only
 * computed, and the store's replace them. How long it opens does not move.
 */
static void merge_times(struct stek_record *mine, const struct stek_record *record, bool known)
{
    const bool reckoned = mine->origin == STEK_ORIGIN_CONTINUED && !known;

    mine->origin = record->origin;
    mine->active_from =
        reckoned ? record->active_from : earlier(mine->active_from, record->active_from);
    mine->active_until =
        reckoned ? record->active_until : earlier(mine->active_until, record->active_until);
    mine->accept_until = record->accept_until;
    if (mine->active_until > mine->accept_until)
        mine->active_until = mine->accept_until;
}

static void take(struct stek_sync *sync, struct stek_storeview_entry *entry,
                 const struct stek_record *record, int64_t now)
{
    STEK_SECRET(stek_record) struct stek_record taken = *record;
    struct stek_record *mine = stek_records_find(&sync->records, record->seq);
    const bool known = entry->presence == STEK_PRESENCE_HELD;
    const int64_t promised = promised_until(sync, record, now);

    if (promised > taken.accept_until)
        taken.accept_until = promised;
    entry->presence = STEK_PRESENCE_HELD;
    if (mine != NULL && same_secret(mine, record)) {
        merge_times(mine, &taken, known);
        return;
    }
    if (mine != NULL) {
        sync->diverged = true;
        if (known)
            stek_adopt_refuse(sync, record->seq, STEK_REFUSAL_CHANGED);
    }
    clear_way(sync, &taken, now);
    stek_records_insert(&sync->records, &taken);
}

/*
 * It may fit later, or be an old copy of what the ring has, or stand in the place of what was
 * published before: hosts that hold that would go on with it, and all others would continue.
 */
static void note_times(struct stek_sync *sync, struct stek_storeview_entry *entry,
                       const struct stek_record *record)
{
    const struct stek_record *mine = stek_records_find(&sync->records, entry->seq);

    entry->waits_from = record->active_from;
    entry->waits_until = record->accept_until;
    entry->outdated = mine != NULL &&
                      (same_secret(mine, record) || (mine->origin == STEK_ORIGIN_PUBLISHED &&
                                                     in_order(sync, mine->seq, mine->active_from)));
}

void stek_adopt_value(struct stek_sync *sync, struct stek_storeview_entry *entry,
                      const struct stek_record *record, int64_t now)
{
    const enum stek_refusal refusal = judge(sync, entry->seq, record);

    entry->accept_until = entry->waits_from = 0;
    entry->outdated = false;
    if (refusal != STEK_REFUSAL_NONE) {
        entry->presence = STEK_PRESENCE_REFUSED;
        stek_adopt_refuse(sync, entry->seq, refusal);
        if (refusal == STEK_REFUSAL_BACKWARDS)
            note_times(sync, entry, record);
        /* Of a transaction that moves several, the others may not be known yet. */
        if (refusal == STEK_REFUSAL_BACKWARDS && !sync->reading)
            sync->read_wanted = true;
        return;
    }
    entry->active_from = record->active_from;
    entry->active_until = record->active_until;
    entry->accept_until = record->accept_until;
    if (takes(sync, record->seq, record->active_from, record->accept_until, now))
        take(sync, entry, record, now);
    else
        entry->presence = STEK_PRESENCE_IDLE;
}

void stek_adopt_retire(struct stek_sync *sync, int64_t now)
{
    stek_records_retire(&sync->records, now);
    for (uint32_t i = 0; i < sync->view.count; i++)
        if (sync->view.at[i].presence == STEK_PRESENCE_HELD &&
            stek_records_find(&sync->records, sync->view.at[i].seq) == NULL)
            sync->view.at[i].presence = STEK_PRESENCE_IDLE;
}

/* Whether what was refused for its times would be taken now: other records have other times since.
 */
static bool fits_now(struct stek_sync *sync, const struct stek_storeview_entry *entry, int64_t now)
{
    return entry->presence == STEK_PRESENCE_REFUSED && entry->waits_from != 0 &&
           takes(sync, entry->seq, entry->waits_from, entry->waits_until, now) &&
           in_order(sync, entry->seq, entry->waits_from);
}

bool stek_adopt_missing(struct stek_sync *sync, int64_t now)
{
    for (uint32_t i = 0; i < sync->view.count; i++) {
        const struct stek_storeview_entry *entry = &sync->view.at[i];
        if (fits_now(sync, entry, now) ||
            (entry->presence == STEK_PRESENCE_IDLE &&
             takes(sync, entry->seq, entry->active_from, entry->accept_until, now)))
            return true;
    }
    return false;
}
