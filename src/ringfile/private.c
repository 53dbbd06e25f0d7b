/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/private.h"

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

enum stek_result stek_private_map(const struct stek_policy *policy,
                                  struct stek_private **ret_private)
{
    void *at;
    enum stek_result result =
        stek_locked_map(sizeof(struct stek_private), STEK_SHARED_WITH_FORKS, &at);

    if (result != STEK_OK)
        return result;
    struct stek_private *shared = at;
    result = init_writer_lock(&shared->writer);
    if (result != STEK_OK) {
        stek_private_unmap(shared);
        return result;
    }
    stek_image_init(&shared->image, policy, STEK_SOURCE_PRIVATE);
    *ret_private = shared;
    return STEK_OK;
}

void stek_private_unmap(struct stek_private *shared)
{
    stek_locked_unmap(shared, sizeof *shared);
}

enum stek_result stek_private_update(struct stek_private *shared, int64_t now)
{
    const int taken = pthread_mutex_trylock(&shared->writer);

    if (taken != 0 && taken != EOWNERDEAD)
        return STEK_ERR_BUSY;
    if (taken == EOWNERDEAD && pthread_mutex_consistent(&shared->writer) != 0)
        return STEK_ERR_SYSTEM;
    if (taken == EOWNERDEAD)
        stek_wipe(&shared->room, sizeof shared->room);
    /* A writer that died while it filled the side that does not hold left no trace but that: so
     * scrub for it, too. */
    if (taken == EOWNERDEAD || !stek_image_is_clean(&shared->image))
        stek_image_scrub(&shared->image);
    enum stek_result result = stek_image_update(&shared->image, &shared->room, now);
    (void)pthread_mutex_unlock(&shared->writer);
    return result;
}
