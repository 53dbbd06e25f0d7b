/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/ivs.h"

#include "crypto/random.h"

#include <pthread.h>
#include <stdbool.h>

/* All first words, then all second ones. The last IV is for the caller. */
struct batch {
    uint64_t word[2][STEK_IVS_IN_BATCH + 1];
};

static inline void batch_wipe(struct batch *batch)
{
    stek_wipe(batch, sizeof *batch);
}

/* pthread_t is the address of the thread's own block: bits above the page tell threads apart. */
static struct stek_iv_shard *my_shard(struct stek_ivs *ivs)
{
    const uint64_t self = (uint64_t)pthread_self() >> 12;

    return &ivs->shard[(self * UINT64_C(0x9e3779b97f4a7c15) >> 32) % STEK_IV_SHARDS];
}

/* Takes the next IV of the batch; false when there is none, or it is gone or of another time. */
static bool take(struct stek_iv_shard *shard, int64_t now, uint8_t ret_iv[STEK_IV_LEN])
{
    uint64_t word[2];

    if (atomic_load_explicit(&shard->drawn_at, memory_order_acquire) != (uint64_t)now)
        return false;
    const uint64_t place = atomic_fetch_add_explicit(&shard->next, 1, memory_order_acq_rel);
    if (place >= STEK_IVS_IN_BATCH)
        return false;
    word[0] = atomic_exchange_explicit(&shard->word[place][0], 0, memory_order_acq_rel);
    word[1] = atomic_exchange_explicit(&shard->word[place][1], 0, memory_order_acq_rel);
    memcpy(ret_iv, word, STEK_IV_LEN);
    return word[0] != 0 && word[1] != 0;
}

/*
 * Draws the next batch and keeps one IV of it. The caller has `filling`. A thread that still takes
 * from the batch before may get words of both: each is given once all the same.
 */
static enum stek_result fill(struct stek_iv_shard *shard, int64_t now, uint8_t ret_iv[STEK_IV_LEN])
{
    STEK_SECRET(batch) struct batch batch;

    if (stek_random_batch((uint8_t *)&batch, sizeof batch, sizeof batch.word[0]) != STEK_OK)
        return STEK_ERR_RANDOM;
    for (size_t i = 0; i < STEK_IVS_IN_BATCH; i++)
        for (size_t half = 0; half < 2; half++)
            atomic_store_explicit(&shard->word[i][half], batch.word[half][i], memory_order_release);
    for (size_t half = 0; half < 2; half++)
        memcpy(ret_iv + half * sizeof(uint64_t), &batch.word[half][STEK_IVS_IN_BATCH],
               sizeof(uint64_t));
    atomic_store_explicit(&shard->next, 0, memory_order_release);
    atomic_store_explicit(&shard->drawn_at, (uint64_t)now, memory_order_release);
    return STEK_OK;
}

enum stek_result stek_ivs_take(struct stek_ivs *ivs, int64_t now, uint8_t ret_iv[STEK_IV_LEN])
{
    struct stek_iv_shard *shard = ivs != NULL ? my_shard(ivs) : NULL;
    uint64_t idle = 0;

    if (shard != NULL && take(shard, now, ret_iv))
        return STEK_OK;
    if (shard == NULL || !atomic_compare_exchange_strong(&shard->filling, &idle, 1))
        return stek_random_public(ret_iv, STEK_IV_LEN);
    enum stek_result result = fill(shard, now, ret_iv);
    atomic_store_explicit(&shard->filling, 0, memory_order_release);
    return result;
}
