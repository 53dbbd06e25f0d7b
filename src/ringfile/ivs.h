/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Initialisation vectors, drawn in batches: a call of RAND_bytes() costs more than all other work
 * of a sealing (some 640 ns for 16 bytes, 750 for 1,024), most of it not for the bytes but for
 * asking the kernel whether we forked.
 *
 * Each IV is two words; taking it swaps zeros in, so every word is given to one taker only, and is
 * wiped by it. A caller that finds a zero draws an IV itself: another was faster, the pool is new,
 * or the kernel cleared it in a child after fork. Threads are spread over shards so that they do
 * not pass one cache line around.
 *
 * A batch serves in the second that it was drawn in, and no longer: a snapshot of the machine or of
 * the process, which may be started several times, holds no IV that they will use later. The first
 * word of each has the kernel's bytes in it (crypto/random.h), so that batches differ, too.
 *
 * The attacker sees IVs of the past on the wire; an attacker must not predict the next one (CBC),
 * nor see one twice.
 */
#ifndef STEK_RINGFILE_IVS_H
#define STEK_RINGFILE_IVS_H

#include "stek.h"

#include "core/words.h"

#include <stdalign.h>

enum { STEK_IV_LEN = 16, STEK_IVS_IN_BATCH = 63, STEK_IV_SHARDS = 8 };

struct stek_iv_shard {
    alignas(64) stek_word next; /* place of the next IV; at or past the batch: it is used up */
    stek_word filling;          /* 1 while a thread draws the next batch */
    stek_word drawn_at;         /* the second that the batch is for */
    stek_word word[STEK_IVS_IN_BATCH][2];
};

/* Lives in memory that is locked, and zero in a child after fork. */
struct stek_ivs {
    struct stek_iv_shard shard[STEK_IV_SHARDS];
};

/* A fresh IV; NULL: without a pool. Never waits for another thread. `now` in seconds, of any clock.
 * Error: STEK_ERR_RANDOM. Thread-safe. */
STEK_MUST_USE enum stek_result stek_ivs_take(struct stek_ivs *ivs, int64_t now,
                                             uint8_t ret_iv[STEK_IV_LEN]);

#endif
