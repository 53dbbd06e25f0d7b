/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes, checked: the only place that asks libcrypto's generators. The kernel's bytes are
 * added to theirs (exclusive or): copies of a process or of a machine have the same state of
 * libcrypto's generator. The kernel's is outside a copied process, and is seeded anew in a copied
 * machine that is told so (VMGENID).
 */
#ifndef STEK_CRYPTO_RANDOM_H
#define STEK_CRYPTO_RANDOM_H

#include "stek.h"

#include "crypto/wipe.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A fresh ring secret from libcrypto's private generator.
 * Errors: STEK_ERR_RANDOM when the generator fails or its bytes look weak (crypto/keycheck.h).
 * Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_random_secret(struct stek_secret32 *ret_secret);

/* Bytes that others may see, such as IVs; at least 16. Errors: STEK_ERR_RANDOM, also when they look
 * weak. Thread-safe. */
STEK_MUST_USE enum stek_result stek_random_public(uint8_t *ret_bytes, size_t len);

/*
 * The same for many at once: the kernel's bytes are added to the first `kernel_len` only, since it
 * takes three times as long for them as libcrypto.
 */
STEK_MUST_USE enum stek_result stek_random_batch(uint8_t *ret_bytes, size_t len, size_t kernel_len);

/*
 * A number that differs between hosts and times: for jitter, and for names that must not meet. Not
 * for keys. Never fails: libevent's own source may end the process, since it is the C library's
 * arc4random(3). Thread-safe.
 */
uint64_t stek_random_dice(void);

#endif
