/* SPDX-License-Identifier: Apache-2.0 */
/* Writes keys in the layout of a server. Pure, but for base64 and random bytes. */
#ifndef STEK_KEYFILE_WRITE_H
#define STEK_KEYFILE_WRITE_H

#include "keyfile/keys.h"
#include "keyfile/read.h"

/* The bytes of a file. They are secret: wipe them. */
struct stek_keyfile_bytes {
    size_t len;
    uint8_t at[STEK_KEYFILE_FILE_MAX];
};

static inline void stek_keyfile_bytes_wipe(struct stek_keyfile_bytes *bytes)
{
    stek_wipe(bytes, sizeof *bytes);
}

/*
 * Puts keys in the order of another layout: the key that seals stays the one that seals. Where the
 * layout demands more keys than there are, random ones that nobody else knows fill the places.
 * Returns NULL, or a static text that says why the layout cannot hold these keys.
 */
const char *stek_keyfile_arrange(const struct stek_keyfile_keys *keys,
                                 const struct stek_keyfile_layout *layout,
                                 struct stek_keyfile_keys *ret_keys);

/* Writes keys in their layout, which has been checked by stek_keyfile_arrange(). */
void stek_keyfile_write(const struct stek_keyfile_keys *keys, struct stek_keyfile_bytes *ret_bytes);

#endif
