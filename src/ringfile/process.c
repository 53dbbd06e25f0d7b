/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/process.h"

#include "crypto/hkdf.h"
#include "early/register.h"
#include "ringfile/locked.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stek_ring *rings;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int handlers_refused;

void stek_process_lock(void)
{
    (void)pthread_mutex_lock(&lock);
}

void stek_process_unlock(void)
{
    (void)pthread_mutex_unlock(&lock);
}

static void before_fork(void)
{
    stek_process_lock();
    for (const struct stek_ring *ring = rings; ring != NULL; ring = ring->next)
        stek_stats_before_fork(ring->stats);
}

static void lock_image_in_child(const struct stek_ring *ring)
{
    if (ring->shared != NULL)
        (void)stek_locked_renew(ring->shared, sizeof *ring->shared);
    else
        (void)stek_locked_renew(ring->image, sizeof *ring->image);
}

/*
 * Runs in the child, which has this thread only: what it calls is async-signal-safe. The ring's
 * pages stay locked by the parent as long as that lives, and those of a ring file by stekd. So they
 * are left to these under a filter, which may end the child for mlock(2).
 */
static void lock_memory_in_child(void)
{
    const bool no_filter = rings != NULL && stek_locked_no_filter();

    for (struct stek_ring *ring = rings; ring != NULL; ring = ring->next) {
        if (no_filter)
            lock_image_in_child(ring);
        stek_stats_after_fork(ring->stats);
        if (!stek_arena_after_fork(&ring->arena, no_filter))
            stek_contexts_give_up_caches(&ring->contexts);
    }
    stek_process_unlock();
}

static void set_up_handlers(void)
{
    handlers_refused = pthread_atfork(before_fork, stek_process_unlock, lock_memory_in_child) != 0;
}

enum stek_result stek_process_prepare(void)
{
    return pthread_once(&once, set_up_handlers) == 0 && !handlers_refused ? STEK_OK
                                                                          : STEK_ERR_SYSTEM;
}

enum stek_result stek_process_add(struct stek_ring *ring)
{
    stek_register_prepare();
    if (stek_process_prepare() != STEK_OK)
        return STEK_ERR_SYSTEM;
    stek_hkdf_keep();
    stek_process_lock();
    ring->next = rings;
    rings = ring;
    stek_process_unlock();
    return STEK_OK;
}

void stek_process_remove(struct stek_ring *ring)
{
    stek_process_lock();
    for (struct stek_ring **link = &rings; *link != NULL; link = &(*link)->next) {
        if (*link == ring) {
            *link = ring->next;
            break;
        }
    }
    stek_process_unlock();
    stek_hkdf_keep_no_more();
}
