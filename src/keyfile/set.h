/* SPDX-License-Identifier: Apache-2.0 */
/* One set of keys as raw bytes: the name, then both keys in the layout's order. Pure. */
#ifndef STEK_KEYFILE_SET_H
#define STEK_KEYFILE_SET_H

#include "keyfile/keys.h"

/* A set has stek_keyfile_set_len() bytes. */
void stek_keyfile_take_set(const struct stek_keyfile_layout *layout, const uint8_t *set,
                           struct stek_keyfile_key *ret_key);
void stek_keyfile_put_set(const struct stek_keyfile_layout *layout,
                          const struct stek_keyfile_key *key, uint8_t *ret_set);

#endif
