/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/ivs.h"

#include "crypto/random.h"

#include <pthread.h>
#include <stdbool.h>

struct batch {
    uint64_t word[STEK_IVS_IN_BATCH + 1][2]; /* the last one is for the caller */
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

/* Takes the next IV of the batch; false when there is none, or it is gone. */
static bool take(struct stek_iv_shard *shard, uint8_t ret_iv[STEK_IV_LEN])
{
    const uint64_t place = atomic_fetch_add_explicit(&shard->next, 1, memory_order_acq_rel);
    uint64_t word[2];

    if (place >= STEK_IVS_IN_BATCH)
        return false;
    word[0] = atomic_exchange_explicit(&shard->word[place][0], 0, memory_order_acq_rel);
    word[1] = atomic_exchange_explicit(&shard->word[place][1], 0, memory_order_acq_rel);
    memcpy(ret_iv, word, STEK_IV_LEN);
    return word[0] != 0 && word[1] != 0;
}

/* Draws the next batch and keeps one IV of it. The caller has `filling`. */
static enum stek_result fill(struct stek_iv_shard *shard, uint8_t ret_iv[STEK_IV_LEN])
{
    STEK_SECRET(batch) struct batch batch;

    if (stek_random_public((uint8_t *)&batch, sizeof batch) != STEK_OK)
        return STEK_ERR_RANDOM;
    for (size_t i = 0; i < STEK_IVS_IN_BATCH; i++)
        stek_words_store(shard->word[i], batch.word[i], 2);
    memcpy(ret_iv, batch.word[STEK_IVS_IN_BATCH], STEK_IV_LEN);
    atomic_store_explicit(&shard->next, 0, memory_order_release);
    return STEK_OK;
}

enum stek_result stek_ivs_take(struct stek_ivs *ivs, uint8_t ret_iv[STEK_IV_LEN])
{
    struct stek_iv_shard *shard = ivs != NULL ? my_shard(ivs) : NULL;
    uint64_t idle = 0;

    if (shard != NULL && take(shard, ret_iv))
        return STEK_OK;
    if (shard == NULL || !atomic_compare_exchange_strong(&shard->filling, &idle, 1))
        return stek_random_public(ret_iv, STEK_IV_LEN);
    enum stek_result result = fill(shard, ret_iv);
    atomic_store_explicit(&shard->filling, 0, memory_order_release);
    return result;
}
