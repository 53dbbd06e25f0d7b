/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of keys in the store (docs/formats.md, "A fleet's store"): PREFIX/RING/SEQ,
 * PREFIX/RING/floor, PREFIX/.members/NAME. Pure but for snprintf(). Nothing secret is in a name:
 * etcd shows them to more people than values.
 */
#ifndef STEK_FLEET_NAMES_H
#define STEK_FLEET_NAMES_H

#include "crypto/aead.h"

#include <stddef.h>
#include <stdint.h>

enum { STEK_PREFIX_MAX = 255, STEK_KEY_NAME_MAX = 400, STEK_SEQ_DIGITS = 20 };

struct stek_key_name {
    char text[STEK_KEY_NAME_MAX];
};

/* Borrowed from the name. */
struct stek_bytes stek_key_name_bytes(const struct stek_key_name *name);

/* `tail` is a member of a ring's folder; "0" instead of "/" behind a folder's name is the first key
 * after all of it. */
void stek_name_record(const char *prefix, const char *ring, uint64_t seq,
                      struct stek_key_name *ret_name);
void stek_name_floor(const char *prefix, const char *ring, struct stek_key_name *ret_name);
void stek_name_member(const char *prefix, const char *member, struct stek_key_name *ret_name);

/* A folder's bounds: [from, until) are all names in it. */
void stek_name_folder(const char *prefix, const char *folder, struct stek_key_name *ret_from,
                      struct stek_key_name *ret_until);

enum stek_name_kind { STEK_NAME_RECORD, STEK_NAME_FLOOR, STEK_NAME_FOREIGN };

/* What a key in a ring's folder names. `folder` is the first of the bounds above. */
enum stek_name_kind stek_name_parse(const struct stek_key_name *folder, struct stek_bytes key,
                                    uint64_t *ret_seq);

#endif
