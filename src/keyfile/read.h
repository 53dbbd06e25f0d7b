/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the bytes of a key file. The file may come from anybody: any bytes are sound input. Pure,
 * but for base64, which libcrypto decodes.
 */
#ifndef STEK_KEYFILE_READ_H
#define STEK_KEYFILE_READ_H

#include "keyfile/keys.h"

/* The longest file that is read: 64 sets in h2o's YAML have some 30 KB. */
enum { STEK_KEYFILE_FILE_MAX = 128 * 1024 };

/*
 * Reads the file in one layout. Returns NULL and the keys, or a static text that says why the
 * layout does not fit; *ret_keys is wiped then.
 */
const char *stek_keyfile_read(const struct stek_keyfile_layout *layout, const uint8_t *bytes,
                              size_t len, struct stek_keyfile_keys *ret_keys);

/* Whether the file is text: printable ASCII, spaces and line ends only. */
bool stek_keyfile_is_text(const uint8_t *bytes, size_t len);

#endif
