/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmacstate.h"

#include <openssl/sha.h>

#include <string.h>

/* EVP does not tell what a hash has come to; SHA256_Update() and its like are deprecated, and do.
 */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };

struct block {
    uint8_t bytes[SHA256_CBLOCK];
    SHA256_CTX sha256;
};

static inline void block_wipe(struct block *block)
{
    stek_wipe(block, sizeof *block);
}

static void hash_in(const uint8_t key[STEK_HMAC_KEY_LEN], uint8_t pad, uint32_t ret_chain[8])
{
    STEK_SECRET(block) struct block block;

    memset(block.bytes, pad, sizeof block.bytes);
    for (size_t i = 0; i < STEK_HMAC_KEY_LEN; i++)
        block.bytes[i] ^= key[i];
    (void)SHA256_Init(&block.sha256);
    (void)SHA256_Update(&block.sha256, block.bytes, sizeof block.bytes);
    memcpy(ret_chain, block.sha256.h, sizeof block.sha256.h);
}

void stek_hmac_state_make(const uint8_t key[STEK_HMAC_KEY_LEN], struct stek_hmac_state *ret_state)
{
    hash_in(key, INNER_PAD, ret_state->inner);
    hash_in(key, OUTER_PAD, ret_state->outer);
}
