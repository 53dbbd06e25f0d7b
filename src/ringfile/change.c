/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/change.h"

#include "core/reschedule.h"
#include "crypto/random.h"
#include "ringfile/locked.h"

#include <errno.h>

/* As many fresh secrets as one change can use; fewer, even none, when the generator fails. */
static void draw_fresh(const struct stek_policy *policy, struct stek_fresh *fresh)
{
    fresh->count = 0;
    while (fresh->count <= policy->ahead &&
           stek_random_secret(&fresh->secret[fresh->count]) == STEK_OK)
        fresh->count++;
}

/* This record as the image has it already. */
static bool find_known(const struct stek_image *image, const struct stek_record *record,
                       struct stek_record *ret_known)
{
    for (uint64_t place = 1; stek_image_record(image, place, ret_known); place++)
        if (ret_known->seq == record->seq &&
            CRYPTO_memcmp(&ret_known->secret, &record->secret, sizeof record->secret) == 0)
            return true;
    return false;
}

static bool is_derived(const struct stek_record *record)
{
    static const struct stek_mask none;

    return CRYPTO_memcmp(&record->mask, &none, sizeof none) != 0;
}

/* Mask and fingerprint of each record: as they were, or derived, whatever the change put there. */
static enum stek_result derive(const struct stek_image *image, struct stek_records *records)
{
    STEK_SECRET(stek_record) struct stek_record known = {0};

    for (size_t i = 0; i < records->count; i++) {
        struct stek_record *record = &records->at[i];
        if (find_known(image, record, &known) && is_derived(&known)) {
            record->mask = known.mask;
            record->fingerprint = known.fingerprint;
            continue;
        }
        enum stek_result result = stek_derive_mask(&record->secret, &record->mask);
        if (result == STEK_OK)
            result = stek_derive_fingerprint(&record->secret, &record->fingerprint);
        if (result != STEK_OK)
            return result;
    }
    return STEK_OK;
}

enum stek_result stek_change_room_open(struct stek_change_room **ret_room)
{
    void *at;
    enum stek_result result =
        stek_locked_map(sizeof(struct stek_change_room), STEK_WIPED_ON_FORK, &at);

    if (result == STEK_OK)
        *ret_room = at;
    return result;
}

void stek_change_room_close(struct stek_change_room *room)
{
    const int error = errno;

    if (room == NULL)
        return;
    stek_wipe(room, sizeof *room);
    stek_locked_unmap(room, sizeof *room);
    errno = error;
}

enum stek_result stek_change_begin(const struct stek_image *image, struct stek_change_room *room)
{
    uint64_t generation;

    return stek_image_read(image, &room->state, &generation);
}

enum stek_result stek_change_add(const struct stek_image *image, struct stek_change_room *room,
                                 stek_change_fn change, void *arg, int64_t now)
{
    const struct stek_policy policy = stek_ring_state_policy(&room->state);
    const uint64_t floor_before = room->state.floor;
    const uint64_t source_before = room->state.source;
    const bool was_own = stek_ring_state_is_own(&room->state);

    draw_fresh(&policy, &room->fresh);
    enum stek_result result = change(&room->state, now, &room->fresh, arg);
    const bool same_maker =
        room->state.source == source_before && stek_ring_state_is_own(&room->state) == was_own;
    if (result == STEK_OK && same_maker && room->state.floor < floor_before)
        result = STEK_ERR_FORMAT;
    return result == STEK_OK ? derive(image, &room->state.records) : result;
}

enum stek_result stek_change_end(const struct stek_image *image, struct stek_change_room *room,
                                 int64_t now)
{
    if (stek_image_is(image, &room->state)) /* each change makes every cache stale */
        return STEK_OK;
    room->state.changed_at = now;
    return stek_ring_state_problem(&room->state) == NULL ? STEK_OK : STEK_ERR_FORMAT;
}

void stek_change_write(struct stek_image *image, const struct stek_change_room *room)
{
    if (!stek_image_is(image, &room->state))
        stek_image_write(image, &room->state);
}

static enum stek_result apply(struct stek_image *image, struct stek_change_room *room,
                              stek_change_fn change, void *arg, int64_t now)
{
    enum stek_result result = stek_change_begin(image, room);

    if (result == STEK_OK)
        result = stek_change_add(image, room, change, arg, now);
    if (result == STEK_OK)
        result = stek_change_end(image, room, now);
    if (result == STEK_OK)
        stek_change_write(image, room);
    return result;
}

enum stek_result stek_image_change(struct stek_image *image, struct stek_change_room *room,
                                   stek_change_fn change, void *arg, int64_t now)
{
    enum stek_result result = apply(image, room, change, arg, now);

    stek_wipe(room, sizeof *room);
    return result;
}

void stek_image_clear(struct stek_image *image)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;

    if (stek_image_read(image, &state, &generation) != STEK_OK)
        memset(&state, 0, sizeof state);
    stek_records_remove(&state.records, 0, state.records.count);
    stek_image_write(image, &state);
}

/* A ring that starts, or starts again with nothing left, begins at its floor. */
static void lift_to_floor(struct stek_ring_state *state)
{
    if (state->records.count == 0 || state->records.at[0].seq >= state->floor)
        return;
    const uint64_t lift = state->floor - state->records.at[0].seq;
    for (size_t i = 0; i < state->records.count; i++)
        state->records.at[i].seq += lift;
}

/*
 * Retired records are destroyed, whatever else fails: so this change always succeeds, and says in
 * *arg how it went.
 */
static enum stek_result advance(struct stek_ring_state *state, int64_t now,
                                const struct stek_fresh *fresh, void *arg)
{
    const struct stek_policy policy = stek_ring_state_policy(state);
    const bool starts = state->records.count == 0;
    enum stek_result result = stek_records_advance(&state->records, &policy, now, fresh);

    if (result == STEK_OK && starts)
        lift_to_floor(state);
    if (result != STEK_OK)
        stek_records_retire(&state->records, now);
    *(enum stek_result *)arg = result;
    return STEK_OK;
}

/* Whether the state in the room has anything to be done. */
static bool is_due(const struct stek_change_room *room, int64_t now)
{
    const struct stek_policy policy = stek_ring_state_policy(&room->state);

    return stek_records_due(&room->state.records, &policy, now);
}

enum stek_result stek_change_add_due(const struct stek_image *image, struct stek_change_room *room,
                                     int64_t now)
{
    enum stek_result advanced = STEK_OK;

    if (!is_due(room, now))
        return STEK_OK;
    enum stek_result result = stek_change_add(image, room, advance, &advanced, now);
    return result == STEK_OK ? advanced : result;
}

enum stek_result stek_image_update(struct stek_image *image, struct stek_change_room *room,
                                   int64_t now)
{
    enum stek_result advanced = STEK_OK;
    enum stek_result result = stek_change_begin(image, room);
    const bool due = result == STEK_OK && is_due(room, now);

    stek_wipe(room, sizeof *room);
    if (!due)
        return result;
    result = stek_image_change(image, room, advance, &advanced, now);
    return result == STEK_OK ? advanced : result;
}

/*
 * Continues the ring as its readers did while stekd was away, by the ring's own policy. Out of
 * reach: nothing to do.
 */
static enum stek_result settle(struct stek_ring_state *state, int64_t now)
{
    const struct stek_policy policy = stek_ring_state_policy(state);
    enum stek_result result = stek_records_settle(&state->records, &policy, now);

    return result == STEK_ERR_BUSY ? STEK_OK : result;
}

/* stek_change_fn */
static enum stek_result adapt(struct stek_ring_state *state, int64_t now,
                              const struct stek_fresh *fresh, void *arg)
{
    const struct stek_change_wish *wish = arg;
    const struct stek_policy old = stek_ring_state_policy(state);
    enum stek_result result = STEK_OK;

    if (state->source != (uint64_t)wish->source)
        stek_ring_state_set_source(state, wish->source);
    if (state->records.count > 0 && stek_ring_state_is_own(state))
        result = stek_records_change_policy(&state->records, &old, wish->policy, now, fresh);
    else if (state->records.count > 0)
        result = settle(state, now);
    stek_ring_state_set_policy(state, wish->policy);
    state->flags = (state->flags & STEK_RING_LOCAL) | (wish->on_disk ? STEK_RING_ON_DISK : 0);
    return result;
}

enum stek_result stek_change_to(const struct stek_image *image, struct stek_change_room *room,
                                const struct stek_change_wish *wish, int64_t now)
{
    struct stek_change_wish own = *wish;
    enum stek_result result = stek_change_begin(image, room);

    if (result == STEK_OK)
        result = stek_change_add(image, room, adapt, &own, now);
    if (result == STEK_OK && stek_ring_state_is_own(&room->state))
        result = stek_change_add_due(image, room, now);
    return result == STEK_OK ? stek_change_end(image, room, now) : result;
}
