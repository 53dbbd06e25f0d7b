/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that read a file for each key name the files in their configuration. It includes a list
 * that the feed keeps. Pure. */
#ifndef STEK_FEED_LIST_H
#define STEK_FEED_LIST_H

#include "keyfile/layout.h"

#include <stdbool.h>
#include <stddef.h>

/* What the names of keys' files end in, and the names of lists. */
#define STEK_FEED_KEY_SUFFIX ".key"
#define STEK_FEED_LIST "keys.conf"
#define STEK_FEED_LIST_ENVOY "keys.yaml"

/* Whether a file of this layout holds one key of many. */
bool stek_feed_needs_directory(const struct stek_keyfile_layout *layout);

/* The list's name in the feed's directory, and what it begins with. Static texts. */
const char *stek_feed_list_name(const struct stek_keyfile_layout *layout);
const char *stek_feed_list_head(const struct stek_keyfile_layout *layout);

/* Writes the line of one file, with a newline and a zero; returns its length, or 0 if `size` is too
 * small. */
size_t stek_feed_list_line(const struct stek_keyfile_layout *layout, const char *directory,
                           const char *file, char *ret_line, size_t size);

#endif
