/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key-encryption key as a host has it: the secret of the oldest epoch that it still needs, and
 * all that follows from it.
 *
 *     prk    = HKDF-Extract(salt = "stek fleet v1", ikm = root key)
 *     id     = HKDF-Expand(prk, "kek id", 8)         the same in all epochs
 *     E(0)   = HKDF-Expand(prk, "epoch", 32)
 *     E(k+1) = HKDF-Expand(E(k), "epoch next", 32)
 *
 * The attacker takes a host's disk and memory, and has recorded the store. From E(k) he computes
 * every later secret, and no earlier one; the root key is not kept.
 */
#ifndef STEK_FLEET_KEK_H
#define STEK_FLEET_KEK_H

#include "stek.h"

#include "crypto/wipe.h"

#include <stdint.h>

enum {
    STEK_KEK_ID_LEN = 8,
    STEK_KEKS_MAX = 2,
    STEK_EPOCHS_BACK =
        32,           /* days before today that are kept at hand, where they are not destroyed */
    STEK_EPOCHS = 192 /* and as long as the longest record lives from now on */
};

/* The id may be shown, the rest is secret. */
struct stek_kek {
    uint8_t id[STEK_KEK_ID_LEN];
    uint64_t epoch;              /* the oldest that this host has: what is on its disk */
    struct stek_secret32 secret; /* of that */
    uint64_t from;               /* what is at hand: the epochs from here on */
    struct stek_secret32 at[STEK_EPOCHS];
};

/* The keys that a host accepts; the first one seals. Two keys let a fleet move to a new one. */
struct stek_keks {
    uint32_t count;
    struct stek_kek at[STEK_KEKS_MAX];
};

static inline void stek_kek_wipe(struct stek_kek *kek)
{
    stek_wipe(kek, sizeof *kek);
}

static inline void stek_keks_wipe(struct stek_keks *keks)
{
    stek_wipe(keks, sizeof *keks);
}

/* Takes a root key: the key of epoch 0. Errors: STEK_ERR_RANDOM (it looks weak), STEK_ERR_CRYPTO.
 */
STEK_MUST_USE enum stek_result stek_kek_init(const struct stek_secret32 *root,
                                             struct stek_kek *ret_kek);

/* Takes what a host has kept of a key. Errors: as above; STEK_ERR_ARGUMENT (the epoch). */
STEK_MUST_USE enum stek_result stek_kek_restore(const uint8_t id[STEK_KEK_ID_LEN], uint64_t epoch,
                                                const struct stek_secret32 *secret,
                                                struct stek_kek *ret_kek);

/*
 * Has the epochs around `today` at hand. Nothing is destroyed: a clock may be wrong. Errors:
 * STEK_ERR_CRYPTO (*kek is as before).
 */
STEK_MUST_USE enum stek_result stek_kek_look_at(struct stek_kek *kek, uint64_t today);

/* Destroys the epochs before `epoch`; nothing if they are gone. Errors: STEK_ERR_CRYPTO (*kek is as
 * before). */
STEK_MUST_USE enum stek_result stek_kek_advance(struct stek_kek *kek, uint64_t epoch);

/* The secret of an epoch. NULL: destroyed, or not at hand. Borrowed. */
const struct stek_secret32 *stek_kek_secret(const struct stek_kek *kek, uint64_t epoch);

/* Eight bytes that tell whether id, epoch and secret belong together. Errors: STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_kek_check(const struct stek_kek *kek, uint8_t ret_check[8]);

#endif
