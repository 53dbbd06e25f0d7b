/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes, checked: the only place that asks libcrypto's generators. */
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

#endif
