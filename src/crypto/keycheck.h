/* SPDX-License-Identifier: Apache-2.0 */
/* The look at every key before its first use. */
#ifndef STEK_CRYPTO_KEYCHECK_H
#define STEK_CRYPTO_KEYCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Says whether a key looks like what broken generators and forgotten initialisations make: all one
 * byte (zeros included), counting up or down by any step, eight zero bytes or more at either end,
 * or one half repeated. A key under 16 bytes is weak; a random one of 16 bytes or more is called
 * weak with a probability below 2^-61. Such keys were found on 1.9 % of the top 100k sites at times
 * (USENIX Security 2023, "We Really Need to Talk About Session Tickets"). The running time depends
 * on the verdict only, not on where in a sound key which byte stands.
 */
bool stek_key_is_weak(const uint8_t *key, size_t len);

#endif
