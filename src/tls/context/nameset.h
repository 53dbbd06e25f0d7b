/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted set of byte strings that can be hashed: equal sets give equal hashes, however they were
 * filled. */
#ifndef STEK_TLS_NAMESET_H
#define STEK_TLS_NAMESET_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stek_name {
    size_t len;
    uint8_t *bytes;
};

struct stek_nameset {
    size_t count;
    struct stek_name *names;
};

/* Adds a copy of the bytes; with `fold`, ASCII letters in lower case. False: no memory. */
bool stek_nameset_add(struct stek_nameset *set, const uint8_t *bytes, size_t len, bool fold);

/* Hashes u32 count, then u32 length and bytes of each distinct name in byte order; numbers
 * big-endian. */
bool stek_nameset_hash(struct stek_nameset *set, EVP_MD_CTX *hash);

/* A 32-bit number as it is hashed. */
bool stek_hash_u32(EVP_MD_CTX *hash, size_t number);

void stek_nameset_fini(struct stek_nameset *set);

#endif
