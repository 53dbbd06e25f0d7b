/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of keys in the store (docs/formats.md, "A fleet's store"): PREFIX/RING/KEYID/SEQ,
 * PREFIX/RING/KEYID/.floor, PREFIX/.members/NAME. KEYID is the id of the key-encryption key, so
 * that hosts with another key neither read nor replace what is sealed under this one. The floor
 * sorts before the records: a full read begins with it. Pure but for snprintf(). Nothing secret is
 * in a name: etcd shows them to more people than values.
 */
#ifndef STEK_FLEET_NAMES_H
#define STEK_FLEET_NAMES_H

#include "crypto/aead.h"
#include "fleet/store/envelope.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_PREFIX_MAX = 255,
    STEK_KEY_NAME_MAX = 400,
    STEK_SEQ_DIGITS = 20,
    STEK_KEYED_FOLDER_MAX = 96
};

struct stek_key_name {
    char text[STEK_KEY_NAME_MAX];
};

/* RING/KEYID. */
struct stek_keyed_folder {
    char text[STEK_KEYED_FOLDER_MAX];
};

/* Borrowed from the name. */
struct stek_bytes stek_key_name_bytes(const struct stek_key_name *name);

/* The folder of a ring's values under one key-encryption key. `ring` has at most 64 characters. */
void stek_name_keyed(const char *ring, const uint8_t id[STEK_KEK_ID_LEN],
                     struct stek_keyed_folder *ret_folder);

/* `folder` is RING/KEYID. */
void stek_name_record(const char *prefix, const char *folder, uint64_t seq,
                      struct stek_key_name *ret_name);
void stek_name_floor(const char *prefix, const char *folder, struct stek_key_name *ret_name);
void stek_name_member(const char *prefix, const char *member, struct stek_key_name *ret_name);

/* A folder's bounds: [from, until) are all names in it. "0" instead of "/" behind a folder's name
 * is the first key after all of it. */
void stek_name_folder(const char *prefix, const char *folder, struct stek_key_name *ret_from,
                      struct stek_key_name *ret_until);

/* Whether a key is in the folder of some key-encryption key, below that of a ring (`ring_folder` is
 * the first of its bounds). */
bool stek_name_is_keyed(const struct stek_key_name *ring_folder, struct stek_bytes key);

enum stek_name_kind { STEK_NAME_RECORD, STEK_NAME_FLOOR, STEK_NAME_FOREIGN };

/* What a key in a folder RING/KEYID names. `folder` is the first of its bounds. */
enum stek_name_kind stek_name_parse(const struct stek_key_name *folder, struct stek_bytes key,
                                    uint64_t *ret_seq);

#endif
