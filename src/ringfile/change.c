/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/change.h"

#include "crypto/random.h"

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

static enum stek_result write_if_changed(struct stek_image *image, struct stek_ring_state *state,
                                         uint64_t floor_before, int64_t now)
{
    if (stek_image_is(image, state)) /* each change makes every cache stale */
        return STEK_OK;
    state->changed_at = now;
    if (state->floor < floor_before || stek_ring_state_problem(state) != NULL)
        return STEK_ERR_FORMAT;
    stek_image_write(image, state);
    return STEK_OK;
}

static enum stek_result apply(struct stek_image *image, struct stek_change_room *room,
                              stek_change_fn change, void *arg, int64_t now)
{
    uint64_t generation;
    enum stek_result result = stek_image_read(image, &room->state, &generation);

    if (result != STEK_OK)
        return result;
    const struct stek_policy policy = stek_ring_state_policy(&room->state);
    const uint64_t floor_before = room->state.floor;
    draw_fresh(&policy, &room->fresh);
    result = change(&room->state, now, &room->fresh, arg);
    if (result == STEK_OK)
        result = derive(image, &room->state.records);
    return result == STEK_OK ? write_if_changed(image, &room->state, floor_before, now) : result;
}

enum stek_result stek_image_change(struct stek_image *image, struct stek_change_room *room,
                                   stek_change_fn change, void *arg, int64_t now)
{
    enum stek_result result = apply(image, room, change, arg, now);

    stek_wipe(room, sizeof *room);
    return result;
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

static enum stek_result look_whether_due(const struct stek_image *image,
                                         struct stek_ring_state *state, int64_t now, bool *ret_due)
{
    uint64_t generation;
    enum stek_result result = stek_image_read(image, state, &generation);

    if (result != STEK_OK)
        return result;
    const struct stek_policy policy = stek_ring_state_policy(state);
    *ret_due = stek_records_due(&state->records, &policy, now);
    return STEK_OK;
}

enum stek_result stek_image_update(struct stek_image *image, struct stek_change_room *room,
                                   int64_t now)
{
    bool due = false;
    enum stek_result advanced = STEK_OK;
    enum stek_result result = look_whether_due(image, &room->state, now, &due);

    stek_ring_state_wipe(&room->state);
    if (result != STEK_OK || !due)
        return result;
    result = stek_image_change(image, room, advance, &advanced, now);
    return result == STEK_OK ? advanced : result;
}
