/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted set of byte strings that can be hashed: equal sets give equal hashes, however they were
 * filled, and sets that differ never hash the same bytes. */
#ifndef STEK_TLS_CONTEXT_NAMESET_H
#define STEK_TLS_CONTEXT_NAMESET_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first byte of each member: what kind of name follows. docs/formats.md. */
enum stek_name_kind {
    STEK_NAME_OTHER = 0,        /* any other alternative: its DER */
    STEK_NAME_DNS = 1,          /* ASCII letters in lower case; also a common name, as UTF-8 */
    STEK_NAME_IP = 2,           /* the address's bytes */
    STEK_NAME_URI = 3,          /* as it stands */
    STEK_NAME_EMAIL = 4,        /* as it stands */
    STEK_NAME_PUBLIC_KEY = 5,   /* of a certificate without any name: DER of SubjectPublicKeyInfo */
    STEK_NAME_ALTERNATIVES = 6, /* all of a certificate as they stand: DER of GeneralNames */
    STEK_NAME_SUBJECT = 7       /* of a certificate without alternatives: DER of Name */
};

struct stek_name {
    size_t len;
    uint8_t *bytes;
};

struct stek_nameset {
    size_t count;
    size_t room;
    struct stek_name *names;
};

/* Adds `kind` and a copy of the bytes; of DNS names ASCII letters in lower case. False: no memory.
 */
bool stek_nameset_add(struct stek_nameset *set, uint8_t kind, const uint8_t *bytes, size_t len);

/* Hashes u32 count, then u32 length and bytes of each distinct member in byte order; numbers
 * big-endian. */
bool stek_nameset_hash(struct stek_nameset *set, EVP_MD_CTX *hash);

/* A 32-bit number as it is hashed. */
bool stek_hash_u32(EVP_MD_CTX *hash, size_t number);

void stek_nameset_fini(struct stek_nameset *set);

#endif
