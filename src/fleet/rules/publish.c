/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/publish.h"

#include "core/admit.h"
#include "core/chain.h"
#include "fleet/rules/epoch.h"

#include <string.h>

enum { LEASE_MIN_S = 60 };

bool stek_publish_may(const struct stek_sync *sync)
{
    return sync->synced && !sync->reading && !sync->read_wanted && !sync->writing &&
           !sync->clock_off;
}

/* How long a record stays in the store after it has retired: other hosts' clocks may be behind. */
static int64_t margin_s(const struct stek_sync *sync)
{
    const int64_t life_s = sync->policy.rotate_s + sync->policy.accept_s;

    return life_s < STEK_CLOCK_SKEW_MAX_S ? life_s : STEK_CLOCK_SKEW_MAX_S;
}

/* The lowest seq that is to stay in the store. 0: nothing is to go. */
static uint64_t delete_below(const struct stek_sync *sync, int64_t now)
{
    uint64_t stays = 0;
    bool goes = false;

    for (uint32_t i = sync->view.count; i-- > 0;) {
        const struct stek_storeview_entry *entry = &sync->view.at[i];
        if (entry->presence == STEK_PRESENCE_ABSENT)
            continue;
        const bool good = entry->presence != STEK_PRESENCE_REFUSED;
        if (good && entry->seq >= sync->floor && entry->accept_until + margin_s(sync) > now) {
            stays = entry->seq;
            goes = false;
        } else {
            goes = true;
        }
    }
    if (goes && stays == 0)
        return sync->floor; /* what was revoked, at least */
    return goes ? stays : 0;
}

void stek_publish_begin(struct stek_sync *sync, int64_t now, struct stek_sync_write *ret_write)
{
    memset(ret_write, 0, sizeof *ret_write);
    ret_write->based_on = sync->view.revision;
    ret_write->floor_expect = sync->view.floor_good ? sync->view.floor_revision : 0;
    ret_write->floor = sync->floor;
    ret_write->epoch = stek_epoch_for_floor(sync, now);
    ret_write->put_floor = !sync->view.floor_good || sync->view.floor < sync->floor ||
                           stek_epoch_floor_is_old(sync, now);
    ret_write->delete_below = delete_below(sync, now);
    ret_write->lease_s = LEASE_MIN_S;
}

void stek_publish_put(struct stek_sync *sync, const struct stek_record *record, int64_t expect,
                      int64_t now, struct stek_sync_write *write)
{
    const int64_t lease_s = record->accept_until - now + 2 * margin_s(sync);

    if (lease_s > write->lease_s)
        write->lease_s = lease_s;
    if (record->seq < write->delete_below) /* etcd refuses a put of what the same one deletes */
        write->delete_below = record->seq;
    write->put[write->count].record = *record;
    write->put[write->count].expect = expect;
    write->count++;
}

enum stek_result stek_publish_first(const struct stek_sync *sync, uint64_t seq, int64_t now,
                                    const struct stek_fresh *fresh, uint32_t *used,
                                    struct stek_record *ret_record)
{
    *ret_record = (struct stek_record){.seq = seq, .origin = STEK_ORIGIN_PUBLISHED};
    if (!stek_chain_take_fresh(&sync->records, fresh, used, &ret_record->secret))
        return STEK_ERR_RANDOM;
    stek_chain_set_times(&sync->records, &sync->policy, now, ret_record);
    return STEK_OK;
}

/* A seq that no host can have reached by continuing published records. */
static uint64_t seq_beyond(const struct stek_sync *sync, int64_t now)
{
    const struct stek_record *last = stek_records_last(&sync->records);
    uint64_t seq = stek_storeview_highest(&sync->view);
    int64_t ended = now;

    if (seq > 0 && sync->view.at[sync->view.count - 1].accept_until > 0)
        ended = sync->view.at[sync->view.count - 1].accept_until - sync->policy.accept_s;
    if (last != NULL && last->seq >= seq) {
        seq = last->seq;
        ended = last->active_until;
    }
    if (sync->floor > seq && sync->floor > sync->view.floor_highest)
        return sync->floor; /* revoked here: whoever continued to there drops it */
    if (seq > 0)
        seq += 1 + (uint64_t)(now > ended ? (now - ended) / sync->policy.rotate_s : 0);
    return seq + 1 > sync->floor ? seq + 1 : sync->floor;
}

int64_t stek_publish_lead_s(const struct stek_sync *sync)
{
    return (sync->policy.rotate_s + 3) / 4;
}

/* Whether the ring has no record from which it can go on. */
static bool must_start(const struct stek_records *records, int64_t now)
{
    const struct stek_record *last = stek_records_last(records);

    return last == NULL || last->active_until <= now;
}

/*
 * The policy as it is published: in the last quarter of an interval one record more, so that when
 * the next one begins, `ahead` later ones stand in the store already, however long hosts wait for
 * each other.
 */
static struct stek_policy early_policy(const struct stek_sync *sync, int64_t now)
{
    struct stek_policy policy = sync->policy;
    const int active = stek_records_active(&sync->records, now);
    const bool room = policy.accept_s / policy.rotate_s + policy.ahead + 1 <= STEK_RECORDS_MAX - 2;

    if (room && active >= 0 &&
        sync->records.at[active].active_until - now <= stek_publish_lead_s(sync))
        policy.ahead++;
    return policy;
}

/* What the ring would be if all that is due were published. */
static enum stek_result look_ahead(const struct stek_sync *sync, int64_t now,
                                   const struct stek_fresh *fresh, struct stek_records *ret_records)
{
    STEK_SECRET(stek_record) struct stek_record first = {0};
    const struct stek_policy policy = early_policy(sync, now);
    uint32_t used = 0;

    *ret_records = sync->records;
    if (must_start(ret_records, now)) {
        enum stek_result result =
            stek_publish_first(sync, seq_beyond(sync, now), now, fresh, &used, &first);
        if (result != STEK_OK)
            return result;
        stek_records_insert(ret_records, &first);
    }
    return stek_records_look_ahead(ret_records, &policy, now, fresh, &used);
}

/*
 * Whether the store should have this record and does not. A continuation before the last published
 * record stays out: that seq was skipped, and only hosts that sealed under it need it.
 */
static bool is_missing(const struct stek_sync *sync, const struct stek_record *record, int64_t now)
{
    if (!stek_record_counts(record) || record->seq < sync->floor || record->accept_until <= now ||
        stek_storeview_has(&sync->view, record->seq))
        return false;
    return record->origin == STEK_ORIGIN_PUBLISHED ||
           record->seq > stek_storeview_last(&sync->view);
}

/* The entry of a record that counts and that the store has, or NULL. */
static const struct stek_storeview_entry *held(struct stek_sync *sync,
                                               const struct stek_record *record)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, record->seq);

    return stek_record_counts(record) && entry != NULL && entry->presence == STEK_PRESENCE_HELD
               ? entry
               : NULL;
}

/*
 * Where the store has this record and has to hear of earlier times: since a revocation on this
 * host, or since it would begin no earlier than one after it, which begins there at `next`. The
 * others may have moved both, and an old copy of this one was put again.
 */
static bool is_early(struct stek_sync *sync, const struct stek_record *record, int64_t next)
{
    const struct stek_storeview_entry *entry = held(sync, record);

    return entry != NULL && record->active_from < entry->active_from &&
           (sync->floor_ahead || entry->active_from >= next);
}

/*
 * The entry of a record that stands in the store with times that do not fit: somebody has put an
 * old copy of it, or of one before it. Hosts that have just started cannot tell which of them is
 * right.
 */
static const struct stek_storeview_entry *outdated(struct stek_sync *sync,
                                                   const struct stek_record *record, int64_t now)
{
    const struct stek_storeview_entry *entry = stek_storeview_find(&sync->view, record->seq);

    return entry != NULL && entry->presence == STEK_PRESENCE_REFUSED && entry->outdated &&
                   stek_record_counts(record) && record->seq >= sync->floor &&
                   record->accept_until > now
               ? entry
               : NULL;
}

/* Which records are to be put. Those before one that stands in the store begin before it there. */
static void choose(struct stek_sync *sync, const struct stek_records *wanted, int64_t now,
                   bool chosen[static STEK_RECORDS_MAX])
{
    int64_t next = INT64_MAX;

    for (uint64_t i = wanted->count; i-- > 0;) {
        const struct stek_record *record = &wanted->at[i];
        const struct stek_storeview_entry *entry = held(sync, record);
        chosen[i] = is_missing(sync, record, now) || is_early(sync, record, next) ||
                    outdated(sync, record, now) != NULL;
        if (chosen[i])
            next = record->active_from;
        else if (entry != NULL)
            next = entry->active_from;
    }
}

void stek_publish_put_before(struct stek_sync *sync, uint64_t seq, int64_t from, int64_t now,
                             struct stek_sync_write *write)
{
    size_t first = (size_t)sync->records.count;

    for (size_t i = first; i-- > 0;) {
        const struct stek_record *record = &sync->records.at[i];
        const struct stek_storeview_entry *entry = record->seq < seq ? held(sync, record) : NULL;
        if (entry == NULL)
            continue;
        if (entry->active_from < from)
            break;
        from = record->active_from;
        first = i;
    }
    for (size_t i = first; i < sync->records.count && sync->records.at[i].seq < seq; i++) {
        const struct stek_storeview_entry *entry = held(sync, &sync->records.at[i]);
        if (entry != NULL)
            stek_publish_put(sync, &sync->records.at[i], entry->revision, now, write);
    }
}

enum stek_result stek_publish_write(struct stek_sync *sync, int64_t now,
                                    const struct stek_fresh *fresh,
                                    struct stek_sync_write *ret_write, bool *ret_needed)
{
    STEK_SECRET(stek_records) struct stek_records wanted = {0};
    bool chosen[STEK_RECORDS_MAX];

    stek_publish_begin(sync, now, ret_write);
    enum stek_result result = look_ahead(sync, now, fresh, &wanted);
    if (result != STEK_OK)
        return result;
    choose(sync, &wanted, now, chosen);
    bool early = false;
    for (size_t i = 0; i < wanted.count; i++) {
        const struct stek_storeview_entry *entry = held(sync, &wanted.at[i]);
        early |= chosen[i] && entry != NULL;
        if (entry == NULL)
            entry = outdated(sync, &wanted.at[i], now);
        if (chosen[i])
            stek_publish_put(sync, &wanted.at[i], entry != NULL ? entry->revision : 0, now,
                             ret_write);
    }
    sync->floor_ahead &= ret_write->put_floor || early;
    *ret_needed = ret_write->count > 0 || ret_write->put_floor;
    return STEK_OK;
}

void stek_publish_all(struct stek_sync *sync, int64_t now, struct stek_sync_write *ret_write)
{
    stek_publish_begin(sync, now, ret_write);
    ret_write->put_floor = true;
    for (size_t i = 0; i < sync->records.count; i++)
        if (stek_record_counts(&sync->records.at[i]) &&
            stek_storeview_has(&sync->view, sync->records.at[i].seq))
            stek_publish_put(sync, &sync->records.at[i], 0, now, ret_write);
}

/*
 * A quarter of an interval is enough for one host to be first, and leaves `ahead` less a quarter
 * before the record seals. It is shorter where the time in which a fresh record may be published
 * ends soon, and where there is no key at all, here or in the store (a new one, or an emptied one).
 */
int64_t stek_publish_width_ms(const struct stek_sync *sync, int64_t now_ms)
{
    const struct stek_record *last = stek_records_last(&sync->records);
    const int64_t width_ms = sync->policy.rotate_s * 1000 / 4;

    if (last == NULL || last->active_until <= now_ms / 1000 ||
        stek_storeview_last(&sync->view) == 0)
        return width_ms < 1000 ? width_ms : 1000;
    const int64_t left_ms =
        last->active_until * 1000 - now_ms - (sync->policy.rotate_s + 1) / 2 * 1000;
    return left_ms > 0 && left_ms / 2 < width_ms ? left_ms / 2 : width_ms;
}
