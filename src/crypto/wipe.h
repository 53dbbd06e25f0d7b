/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that wipe themselves: declare with STEK_SECRET and every return wipes the variable. */
#ifndef STEK_CRYPTO_WIPE_H
#define STEK_CRYPTO_WIPE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/crypto.h>

/* Overwrites `len` bytes with zeros in a way that the compiler does not remove. */
static inline void stek_wipe(void *at, size_t len)
{
    OPENSSL_cleanse(at, len);
}

struct stek_secret32 {
    uint8_t bytes[32];
};

static inline void stek_secret32_wipe(struct stek_secret32 *secret)
{
    stek_wipe(secret, sizeof *secret);
}

/* `STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;` calls stek_ticket_key_wipe(&key) at
 * every return. */
#define STEK_SECRET(type) __attribute__((cleanup(type##_wipe)))

#endif
