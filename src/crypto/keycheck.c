/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keycheck.h"

#include <openssl/crypto.h>

/* Eight zero bytes at one end: too many to be chance, few enough to catch a 24-byte key in a
 * 32-byte field. */
enum { PADDING_LEN = 8 };

/* A constant key is one that counts by a step of 0. */
static bool counts(const uint8_t *key, size_t len)
{
    uint8_t differs = 0;

    for (size_t i = 2; i < len; i++)
        differs |= (uint8_t)((key[i] - key[i - 1]) ^ (key[1] - key[0]));
    return differs == 0;
}

static bool zeros(const uint8_t *at, size_t len)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < len; i++)
        seen |= at[i];
    return seen == 0;
}

bool stek_key_is_weak(const uint8_t *key, size_t len)
{
    if (len < 16 || counts(key, len))
        return true;
    if (zeros(key, PADDING_LEN) || zeros(key + len - PADDING_LEN, PADDING_LEN))
        return true;
    return CRYPTO_memcmp(key, key + len / 2, len / 2) == 0;
}
