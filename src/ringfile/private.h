/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private ring: an image in memory shared with forks. The first process that comes when something
 * is due changes it. The writer's lock is a robust mutex in the same memory: if its holder dies,
 * the kernel tells the next process that takes it.
 */
#ifndef STEK_RINGFILE_PRIVATE_H
#define STEK_RINGFILE_PRIVATE_H

#include "ringfile/change.h"

#include <pthread.h>

struct stek_private {
    alignas(64) struct stek_image image;
    pthread_mutex_t writer;
    struct stek_change_room room; /* for the holder of the lock */
};

/*
 * Maps a ring with this policy (resolved) and no records: the first update makes them.
 * Errors: STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED, STEK_ERR_SYSTEM (no robust
 * mutex).
 */
STEK_MUST_USE enum stek_result stek_private_map(const struct stek_policy *policy,
                                                struct stek_private **ret_private);

/* Unmaps it here. Other processes keep it; after the last one the kernel clears the memory. */
void stek_private_unmap(struct stek_private *shared);

/*
 * Does what is due at `now`: rotates, publishes ahead, destroys what has retired. Never waits;
 * thread-safe. Errors: STEK_ERR_BUSY when another thread or process is at it; STEK_ERR_RANDOM when
 * a ring cannot start without fresh random bytes; STEK_ERR_ARGUMENT (a time beyond all use),
 * STEK_ERR_CRYPTO, STEK_ERR_FORMAT.
 */
STEK_MUST_USE enum stek_result stek_private_update(struct stek_private *shared, int64_t now);

#endif
