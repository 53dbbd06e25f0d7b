/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/ring.h"

#include "core/policy.h"
#include "ringfile/process.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t system_clock(void *arg)
{
    (void)arg;
    return time(NULL);
}

/* A handle without a mapping. Its caches are made for this policy. */
static struct stek_ring *new_handle(const struct stek_policy *policy)
{
    struct stek_ring *ring = malloc(sizeof *ring);

    if (ring == NULL)
        return NULL;
    *ring = (struct stek_ring){.clock = system_clock};
    atomic_init(&ring->holds, 1);
    stek_contexts_init(&ring->contexts, policy, &ring->arena);
    return ring;
}

enum stek_result stek_ring_new_empty(const struct stek_policy *policy, struct stek_ring **ret_ring)
{
    const struct stek_policy full = stek_policy_resolve(policy);

    if (ret_ring == NULL)
        return STEK_ERR_ARGUMENT;
    if (stek_policy_problem(&full) != NULL)
        return STEK_ERR_POLICY;
    struct stek_ring *ring = new_handle(&full);
    if (ring == NULL)
        return STEK_ERR_MEMORY;
    enum stek_result result = stek_private_map(&full, &ring->shared);
    if (result == STEK_OK) {
        ring->image = &ring->shared->image;
        result = stek_process_add(ring);
        if (result == STEK_OK)
            *ret_ring = ring;
        else
            stek_private_unmap(ring->shared);
    }
    if (result != STEK_OK)
        free(ring);
    return result;
}

enum stek_result stek_ring_new(const struct stek_policy *policy, struct stek_ring **ret_ring)
{
    struct stek_ring *ring;
    enum stek_result result =
        ret_ring != NULL ? stek_ring_new_empty(policy, &ring) : STEK_ERR_ARGUMENT;

    if (result != STEK_OK)
        return result;
    result = stek_ring_maintain(ring);
    if (result == STEK_OK)
        *ret_ring = ring;
    else
        stek_ring_free(ring);
    return result;
}

/* A handle on a file that was just mapped; on failure the caller unmaps it. */
static enum stek_result hold_file(const struct stek_ringfile *file, struct stek_ring **ret_ring)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;
    enum stek_result result = stek_image_read(file->image, &state, &generation);

    if (result != STEK_OK)
        return result == STEK_ERR_FORMAT ? STEK_ERR_FILE : result;
    const struct stek_policy policy = stek_ring_state_policy(&state);
    struct stek_ring *ring = new_handle(&policy);
    if (ring == NULL)
        return STEK_ERR_MEMORY;
    ring->file = *file;
    ring->image = file->image;
    result = stek_process_add(ring);
    if (result == STEK_OK)
        *ret_ring = ring;
    else
        free(ring);
    return result;
}

/* Where the run directory is, so that it is found when it is needed. Without /proc: now. */
static void prepare_counting(struct stek_ring *ring, const struct stek_ringfile_place *place)
{
    char self[40];
    char target[PATH_MAX];

    memcpy(ring->name, place->ring, sizeof ring->name);
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", place->dir_fd);
    const ssize_t len = readlink(self, target, sizeof target);
    if (len > 0 && target[0] == '/')
        ring->stats_dir = strndup(target, (size_t)len);
    else
        ring->stats = stek_stats_create(place->dir_fd, place->ring);
}

/* Under the lock, so that no fork comes between the file and what is written in it at a fork. */
void stek_ring_start_counting(struct stek_ring *ring)
{
    if (ring->stats_dir == NULL || atomic_exchange(&ring->stats_tried, true))
        return;
    const int dir = open(ring->stats_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return;
    stek_process_lock();
    ring->stats = stek_stats_create(dir, ring->name);
    stek_process_unlock();
    (void)close(dir);
}

static enum stek_result open_at(const struct stek_ringfile_place *place,
                                struct stek_ring **ret_ring)
{
    struct stek_ringfile file;
    const char *problem;
    enum stek_result result = stek_ringfile_map(place->dir_fd, place->ring, &file, &problem);

    if (result != STEK_OK)
        return result;
    result = hold_file(&file, ret_ring);
    if (result == STEK_OK)
        prepare_counting(*ret_ring, place);
    else
        stek_ringfile_unmap(&file);
    return result;
}

enum stek_result stek_ring_open(const char *path, struct stek_ring **ret_ring)
{
    struct stek_ringfile_place place;
    const char *problem;

    if (path == NULL || ret_ring == NULL)
        return STEK_ERR_ARGUMENT;
    enum stek_result result = stek_ringfile_find(path, &place, &problem);
    if (result != STEK_OK)
        return result;
    result = open_at(&place, ret_ring);
    (void)close(place.dir_fd);
    return result;
}

const char *stek_ring_file_problem(const char *path)
{
    struct stek_ringfile_place place;
    struct stek_ringfile file;
    const char *problem = NULL;

    if (path == NULL)
        return stek_result_text(STEK_ERR_ARGUMENT);
    if (stek_ringfile_find(path, &place, &problem) != STEK_OK)
        return problem;
    enum stek_result result = stek_ringfile_map(place.dir_fd, place.ring, &file, &problem);
    (void)close(place.dir_fd);
    if (result != STEK_OK)
        return result == STEK_ERR_FILE ? problem : stek_result_text(result);
    stek_ringfile_unmap(&file);
    return NULL;
}

bool stek_ring_is_file(const struct stek_ring *ring, const char *path)
{
    struct stek_ringfile_place place;
    const char *problem;

    if (ring->shared != NULL || stek_ringfile_find(path, &place, &problem) != STEK_OK)
        return false;
    const bool is_there = stek_ringfile_is_at(&ring->file, &place);
    (void)close(place.dir_fd);
    return is_there;
}

void stek_ring_hold(struct stek_ring *ring)
{
    atomic_fetch_add_explicit(&ring->holds, 1, memory_order_relaxed);
}

void stek_ring_free(struct stek_ring *ring)
{
    if (ring == NULL || atomic_fetch_sub_explicit(&ring->holds, 1, memory_order_acq_rel) != 1)
        return;
    stek_process_remove(ring);
    stek_stats_unmap(ring->stats);
    free(ring->stats_dir);
    stek_contexts_fini(&ring->contexts);
    stek_arena_fini(&ring->arena);
    if (ring->shared != NULL)
        stek_private_unmap(ring->shared);
    else
        stek_ringfile_unmap(&ring->file);
    free(ring);
}

void stek_ring_set_clock(struct stek_ring *ring, stek_clock_fn clock, void *arg)
{
    ring->clock = clock;
    ring->clock_arg = arg;
}

struct stek_keys *stek_ring_keys(struct stek_ring *ring, const struct stek_context *context)
{
    stek_process_lock();
    struct stek_keys *keys = stek_contexts_find(&ring->contexts, context);
    if (keys == NULL) {
        keys = stek_contexts_add(&ring->contexts, context);
        stek_stats_context(ring->stats, context);
    }
    stek_process_unlock();
    return keys;
}

void stek_ring_keys_release(struct stek_ring *ring, struct stek_keys *keys)
{
    if (keys == NULL)
        return;
    stek_process_lock();
    stek_contexts_release(&ring->contexts, keys);
    stek_process_unlock();
}

/* The pool is made at the first IV; without memory for it, each IV is drawn by itself. */
static struct stek_ivs *find_ivs(struct stek_ring *ring)
{
    struct stek_ivs *ivs = atomic_load_explicit(&ring->ivs, memory_order_acquire);

    if (ivs != NULL || atomic_load_explicit(&ring->ivs_refused, memory_order_relaxed))
        return ivs;
    stek_process_lock();
    ivs = atomic_load_explicit(&ring->ivs, memory_order_relaxed);
    if (ivs == NULL)
        ivs = stek_arena_cut(&ring->arena, sizeof *ivs);
    atomic_store_explicit(&ring->ivs, ivs, memory_order_release);
    atomic_store_explicit(&ring->ivs_refused, ivs == NULL, memory_order_relaxed);
    stek_process_unlock();
    return ivs;
}

enum stek_result stek_ring_iv(struct stek_ring *ring, int64_t now, uint8_t ret_iv[STEK_IV_LEN])
{
    return stek_ivs_take(find_ivs(ring), now, ret_iv);
}
