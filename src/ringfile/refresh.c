/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/refresh.h"

#include "core/schedule.h"
#include "ringfile/first_key.h"
#include "ringfile/process.h"

#include <sched.h>
#include <stdlib.h>

enum { FIRST_KEYS_PATIENCE = 20000 };

/* Where something could not be done in the ring, a new context's first ticket tries it again. */
static struct stek_looked_at look(const struct stek_image *image,
                                  const struct stek_records *records, uint64_t generation,
                                  int64_t now, enum stek_result updated)
{
    struct stek_looked_at seen = {.place = 0};

    stek_records_view(records, now, &seen.view);
    if (seen.view.active >= 0 && updated == STEK_OK)
        seen.place =
            stek_image_place(image, generation, &records->at[seen.view.active].fingerprint);
    return seen;
}

/*
 * Once for each generation and each stretch of time: destroys retired keys in the caches of all
 * contexts, also of unused ones.
 */
static void sweep_caches(struct stek_ring *ring, const struct stek_records *records,
                         uint64_t generation, int64_t now, enum stek_result updated)
{
    const struct stek_looked_at seen = look(ring->image, records, generation, now, updated);
    struct stek_looked_at before;

    if (stek_stretch_read(&ring->looked_at, generation, now, &before) &&
        before.view.valid_from == seen.view.valid_from)
        return;
    stek_process_lock();
    stek_contexts_sweep(&ring->contexts, records, now);
    stek_stretch_write(&ring->looked_at, generation, &seen);
    stek_process_unlock();
}

static bool needs_writer(const struct stek_ring *ring, const struct stek_ring_state *state,
                         int64_t now)
{
    const struct stek_policy policy = stek_ring_state_policy(state);

    return stek_records_due(&state->records, &policy, now) || !stek_image_is_clean(ring->image);
}

/*
 * A ring without any key gives no tickets, so who comes while another makes its first keys waits
 * for them: once in the life of a ring, for some milliseconds at most. Not for ever, since the
 * other may be stopped.
 */
static enum stek_result update(struct stek_ring *ring, const struct stek_ring_state *state,
                               int64_t now)
{
    enum stek_result result = stek_private_update(ring->shared, now);

    for (int i = 0; i < FIRST_KEYS_PATIENCE && state->records.count == 0; i++) {
        if (result != STEK_ERR_BUSY)
            break;
        (void)sched_yield();
        result = stek_private_update(ring->shared, now);
    }
    return result;
}

/*
 * Reads the image; of a private ring, after an update when one is due. The result of the update is
 * in *ret_update. A ring file has a writer of its own.
 */
static enum stek_result read_updated(struct stek_ring *ring, int64_t now,
                                     struct stek_ring_state *ret_state, uint64_t *ret_generation,
                                     enum stek_result *ret_update)
{
    enum stek_result result = stek_image_read(ring->image, ret_state, ret_generation);

    *ret_update = STEK_OK;
    if (result != STEK_OK || ring->shared == NULL || !needs_writer(ring, ret_state, now))
        return result;
    *ret_update = update(ring, ret_state, now);
    return stek_image_read(ring->image, ret_state, ret_generation);
}

/*
 * Records that were continued here have no fingerprint yet, and are not looked at as to whether
 * caches have them without. A process that cannot derive it cannot derive keys either.
 */
static void name_continuations(struct stek_records *records)
{
    static const struct stek_fingerprint none;

    for (size_t i = 0; i < records->count; i++)
        if (memcmp(&records->at[i].fingerprint, &none, sizeof none) == 0 &&
            stek_derive_fingerprint(&records->at[i].secret, &records->at[i].fingerprint) != STEK_OK)
            return;
}

enum stek_result stek_refresh_ring(struct stek_ring *ring, int64_t now,
                                   struct stek_ring_state *ret_state, uint64_t *ret_generation)
{
    enum stek_result updated;
    enum stek_result result = read_updated(ring, now, ret_state, ret_generation, &updated);

    if (result != STEK_OK)
        return result;
    const struct stek_policy policy = stek_ring_state_policy(ret_state);
    /* If the chain is out of reach, the ring opens what it can and seals nothing. */
    if (stek_records_settle(&ret_state->records, &policy, now) != STEK_OK)
        stek_records_retire(&ret_state->records, now);
    name_continuations(&ret_state->records);
    sweep_caches(ring, &ret_state->records, *ret_generation, now, updated);
    return updated;
}

/* A ring file's policy may change, and with it how many records there are. */
static const struct stek_key_cache *cache_for(struct stek_ring *ring, struct stek_keys *keys,
                                              uint64_t count)
{
    const struct stek_key_cache *cache = stek_keys_cache(keys);

    if (count <= cache->capacity)
        return cache;
    stek_process_lock();
    stek_contexts_grow(&ring->contexts, keys);
    stek_process_unlock();
    return stek_keys_cache(keys);
}

/*
 * What the long way works with. Not on the stack: a program may do its handshakes in jobs
 * (ASYNC_start_job(3)), and libcrypto gives those 32 KiB, without a guard page.
 */
struct workspace {
    struct stek_ring_state state;
    struct stek_keyset set;
};

static void workspace_free(struct workspace *workspace)
{
    if (workspace == NULL)
        return;
    stek_wipe(workspace, sizeof *workspace);
    free(workspace);
}

/* Builds the set and leaves it in its cache. Returns whether it was still true then. */
static bool renew(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                  enum stek_keyset_use use, struct workspace *with)
{
    struct stek_keyset *set = &with->set;
    uint64_t generation = 0;

    with->state.records.count = 0;
    (void)stek_refresh_ring(ring, now, &with->state, &generation);
    if (!stek_key_cache_copy(stek_keys_cache(keys), set))
        set->head.count = 0;
    /* A result that depends on something temporary, such as a broken generator, is not cached. */
    if (stek_keyset_build(&with->state.records, ring->image, generation, &keys->context, now, use,
                          set))
        (void)stek_key_cache_publish(cache_for(ring, keys, set->head.count), set);
    return stek_image_generation(ring->image) == generation;
}

/* Builds the keyset of a context as of `now` for this use, and leaves it in its cache. It is empty
 * when the ring cannot be read. To be freed; NULL: no memory. */
static struct workspace *refresh_keys(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                                      enum stek_keyset_use use)
{
    struct workspace *workspace = calloc(1, sizeof *workspace);

    if (workspace == NULL)
        return NULL;
    /* The ring may have changed meanwhile, and others may have swept the cache before. */
    for (int tries = 0; tries < 3; tries++)
        if (renew(ring, keys, now, use, workspace))
            return workspace;
    stek_key_cache_sweep(stek_keys_cache(keys), NULL, now);
    return workspace;
}

enum stek_result stek_ring_maintain(struct stek_ring *ring)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state = {0};
    uint64_t generation;

    if (ring == NULL)
        return STEK_ERR_ARGUMENT;
    return stek_refresh_ring(ring, stek_ring_now(ring), &state, &generation);
}

static bool refresh_and_seal(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                             struct stek_seal_key *ret_key)
{
    struct workspace *workspace = refresh_keys(ring, keys, now, STEK_KEYSET_SEALS);
    const bool sealed = workspace != NULL && stek_keyset_seal(&workspace->set, ret_key);

    workspace_free(workspace);
    return sealed;
}

static enum stek_choice refresh_and_find(struct stek_ring *ring, struct stek_keys *keys,
                                         const uint8_t name[STEK_NAME_LEN], bool single_use,
                                         int64_t now, struct stek_ticket_key *ret_key)
{
    struct workspace *workspace = refresh_keys(ring, keys, now, STEK_KEYSET_OPENS);
    const enum stek_choice choice =
        workspace != NULL ? stek_keyset_open(&workspace->set, name, single_use, now, ret_key)
                          : STEK_CHOICE_UNKNOWN;

    workspace_free(workspace);
    return choice;
}

bool stek_ring_seal(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                    struct stek_seal_key *ret_key)
{
    const struct stek_moment at = {stek_image_generation(ring->image), now, ring->image};
    const enum stek_key_cache_answer answer =
        stek_key_cache_seal(stek_keys_cache(keys), at, ret_key);

    if (answer != STEK_CELL_STALE)
        return answer == STEK_CELL_KEY;
    if (stek_first_key(ring, keys, now, ret_key))
        return true;
    return refresh_and_seal(ring, keys, now, ret_key);
}

enum stek_choice stek_ring_find(struct stek_ring *ring, struct stek_keys *keys,
                                const uint8_t name[STEK_NAME_LEN], bool single_use, int64_t now,
                                struct stek_ticket_key *ret_key)
{
    const struct stek_moment at = {stek_image_generation(ring->image), now, ring->image};
    enum stek_choice choice = STEK_CHOICE_UNKNOWN;
    const enum stek_key_cache_answer answer =
        stek_key_cache_open(stek_keys_cache(keys), at, name, single_use, &choice, ret_key);

    if (answer != STEK_CELL_STALE)
        return answer == STEK_CELL_KEY ? choice : STEK_CHOICE_UNKNOWN;
    return refresh_and_find(ring, keys, name, single_use, now, ret_key);
}
