/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/private.h"

#include "core/schedule.h"
#include "crypto/random.h"
#include "ringfile/locked.h"

#include <errno.h>

static enum stek_result init_writer_lock(pthread_mutex_t *writer)
{
    pthread_mutexattr_t attributes;

    if (pthread_mutexattr_init(&attributes) != 0)
        return STEK_ERR_SYSTEM;
    int refused = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) != 0 ||
                  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) != 0 ||
                  pthread_mutex_init(writer, &attributes) != 0;
    (void)pthread_mutexattr_destroy(&attributes);
    return refused ? STEK_ERR_SYSTEM : STEK_OK;
}

enum stek_result stek_private_map(const struct stek_policy *policy, struct stek_private **ret_private)
{
    void *at;
    enum stek_result result = stek_locked_map(sizeof(struct stek_private), STEK_SHARED_WITH_FORKS, &at);

    if (result != STEK_OK)
        return result;
    struct stek_private *shared = at;
    result = init_writer_lock(&shared->writer);
    if (result != STEK_OK) {
        stek_private_unmap(shared);
        return result;
    }
    stek_image_init(&shared->image, policy);
    *ret_private = shared;
    return STEK_OK;
}

void stek_private_unmap(struct stek_private *shared)
{
    stek_locked_unmap(shared, sizeof *shared);
}

/* As many fresh secrets as one update can use; fewer, even none, when the generator fails. */
static void draw_fresh(const struct stek_policy *policy, struct stek_fresh *fresh)
{
    fresh->count = 0;
    while (fresh->count <= policy->ahead && stek_random_secret(&fresh->secret[fresh->count]) == STEK_OK)
        fresh->count++;
}

/* The caller holds the writer's lock. */
static enum stek_result update_locked(struct stek_private *shared, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    STEK_SECRET(stek_records) struct stek_records before;
    STEK_SECRET(stek_fresh) struct stek_fresh fresh;
    uint64_t generation;

    enum stek_result result = stek_image_read(&shared->image, &state, &generation);
    if (result != STEK_OK)
        return result;
    const struct stek_policy policy = stek_ring_state_policy(&state);
    if (!stek_records_due(&state.records, &policy, now))
        return STEK_OK;
    before = state.records;
    draw_fresh(&policy, &fresh);
    result = stek_records_advance(&state.records, &policy, now, &fresh);
    if (result != STEK_OK) /* what has retired goes, whatever else fails */
        stek_records_retire(&state.records, now);
    if (CRYPTO_memcmp(&before, &state.records, sizeof before) != 0) /* each change makes every cell stale */
        stek_image_write(&shared->image, &state);
    return result;
}

enum stek_result stek_private_update(struct stek_private *shared, int64_t now)
{
    const int taken = pthread_mutex_trylock(&shared->writer);

    if (taken != 0 && taken != EOWNERDEAD)
        return STEK_ERR_BUSY;
    if (taken == EOWNERDEAD && pthread_mutex_consistent(&shared->writer) != 0)
        return STEK_ERR_SYSTEM;
    /* A writer that died while it filled the side that does not hold left no trace but that: so scrub for it, too. */
    if (taken == EOWNERDEAD || !stek_image_is_clean(&shared->image))
        stek_image_scrub(&shared->image);
    enum stek_result result = update_locked(shared, now);
    (void)pthread_mutex_unlock(&shared->writer);
    return result;
}
