/* SPDX-License-Identifier: Apache-2.0 */
/* Key files that are text: HAProxy's lines of base64, h2o's YAML, stunnel's settings. */
#ifndef STEK_KEYFILE_TEXT_H
#define STEK_KEYFILE_TEXT_H

#include "keyfile/keys.h"

/* For stek_keyfile_read(): `text` has `len` characters, all printable or white space. */
const char *stek_keyfile_read_text(const struct stek_keyfile_layout *layout, const char *text,
                                   size_t len, struct stek_keyfile_keys *keys);

#endif
