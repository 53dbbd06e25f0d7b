/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends epochs when the rules say so (rules/epoch.h), and has the host note what it has seen of the
 * store, for after a reboot.
 */
#include "fleet/state.h"

#include "core/admit.h"
#include "fleet/rules/epoch.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

enum { SEEN_AGAIN_MS = 60000 };

bool stek_fleet_clock_confirmed(const struct stek_fleet *fleet)
{
    return fleet->clock_known && fleet->clock_ahead_s <= STEK_CLOCK_SKEW_MAX_S &&
           fleet->clock_ahead_s >= -STEK_CLOCK_SKEW_MAX_S;
}

uint64_t stek_fleet_seen_floor(const struct stek_fleet_ring *ring, uint64_t floor)
{
    const struct stek_keks *keks = ring->fleet->keks;
    const struct stek_seen *seen = &ring->seen;
    const uint64_t known = seen->floor > seen->here ? seen->floor : seen->here;

    for (uint32_t i = 0; seen->known && i < keks->count; i++)
        if (memcmp(keks->at[i].id, seen->kek_id, STEK_KEK_ID_LEN) == 0 && known > floor)
            return known;
    return floor;
}

/* The oldest epoch that all keys of this host still open. */
static uint64_t oldest(const struct stek_fleet *fleet)
{
    uint64_t epoch = 0;

    for (uint32_t i = 0; i < fleet->keks->count; i++)
        if (fleet->keks->at[i].epoch > epoch)
            epoch = fleet->keks->at[i].epoch;
    return epoch;
}

void stek_fleet_epochs_begin(struct stek_fleet_ring *ring)
{
    struct stek_fleet *fleet = ring->fleet;
    const uint64_t today = stek_epoch_at(stek_fleet_now_ms() / 1000);

    for (uint32_t i = 0; i < fleet->keks->count; i++)
        if (stek_kek_look_at(&fleet->keks->at[i], today) != STEK_OK)
            stek_fleet_log(fleet, LOG_ERR, "fleet: a libcrypto call failed: keys of epochs");
    stek_sync_know_day(ring->sync, stek_fleet_clock_confirmed(fleet), oldest(fleet));
}

/* The epoch that no ring needs anything before of. */
static uint64_t needed(const struct stek_fleet *fleet, int64_t now)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < fleet->rings_count; i++) {
        const uint64_t epoch = stek_epoch_needed(fleet->rings[i].sync, now);
        if (epoch < least)
            least = epoch;
    }
    return least;
}

/* The disk first: what it has forgotten is not brought back by a crash. */
static void end_epochs(struct stek_fleet *fleet, uint64_t epoch)
{
    STEK_SECRET(stek_kek) struct stek_kek moved;

    for (uint32_t i = 0; i < fleet->keks->count; i++) {
        if (fleet->keks->at[i].epoch >= epoch)
            continue;
        moved = fleet->keks->at[i];
        if (stek_kek_advance(&moved, epoch) != STEK_OK)
            continue;
        fleet->host.keep_key(fleet->host.arg, i, &moved);
        fleet->keks->at[i] = moved;
    }
}

/* A store that does not have what this host has seen of it: said once, until it has. */
static void compare_seen(struct stek_fleet_ring *ring, int64_t now)
{
    const bool older = stek_seen_is_newer(&ring->seen, ring->sync, now);

    if (older && !ring->store_is_older)
        stek_fleet_log(ring->fleet, LOG_WARNING,
                       "fleet: ring %s: the store is older than what this host has seen of it "
                       "(floor %" PRIu64 ", was %" PRIu64 "; newest key %" PRIu64 ", was %" PRIu64
                       "): it was restored from a backup, or somebody deleted from it",
                       ring->name, ring->sync->view.floor_highest, ring->seen.floor,
                       stek_seen_newest_seq(ring->sync, now), ring->seen.seq);
    else if (!older && ring->store_is_older)
        stek_fleet_log(ring->fleet, LOG_NOTICE,
                       "fleet: ring %s: the store has again what this host has seen of it",
                       ring->name);
    ring->store_is_older = older;
}

/* Floor and epoch at once, the newest record at most once a minute. */
static void note_seen(struct stek_fleet_ring *ring, int64_t now_ms)
{
    struct stek_seen seen = ring->seen;

    stek_seen_add(&seen, ring->fleet->keks->at[ring->active].id, ring->sync, now_ms / 1000);
    const bool urgent = !ring->seen.known || seen.floor != ring->seen.floor ||
                        seen.epoch != ring->seen.epoch ||
                        memcmp(seen.kek_id, ring->seen.kek_id, sizeof seen.kek_id) != 0;
    const bool changed = urgent || seen.seq != ring->seen.seq || seen.until != ring->seen.until;

    if (!urgent && (!changed || now_ms - ring->seen_ms < SEEN_AGAIN_MS))
        return;
    ring->seen = seen;
    ring->seen_ms = now_ms;
    ring->fleet->host.keep_seen(ring->fleet->host.arg, ring->name, &seen);
}

void stek_fleet_note_floor_here(struct stek_fleet_ring *ring)
{
    const struct stek_fleet *fleet = ring->fleet;

    stek_seen_add_here(&ring->seen, fleet->keks->at[ring->active].id, ring->sync->floor);
    fleet->host.keep_seen(fleet->host.arg, ring->name, &ring->seen);
}

void stek_fleet_epochs_follow(struct stek_fleet_ring *ring)
{
    struct stek_fleet *fleet = ring->fleet;
    const int64_t now_ms = stek_fleet_now_ms();
    const struct stek_sync *sync = ring->sync;

    if (!sync->synced || sync->reading || sync->read_wanted)
        return;
    if (ring->seen.known &&
        memcmp(ring->seen.kek_id, fleet->keks->at[ring->active].id, STEK_KEK_ID_LEN) == 0)
        compare_seen(ring, now_ms / 1000);
    note_seen(ring, now_ms);
    end_epochs(fleet, needed(fleet, now_ms / 1000));
}
