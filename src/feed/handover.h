/* SPDX-License-Identifier: Apache-2.0 */
/* Hands the keys of a ring over to one server. */
#ifndef STEK_FEED_HANDOVER_H
#define STEK_FEED_HANDOVER_H

#include "core/record.h"
#include "feed/config.h"
#include "feed/place.h"
#include "keyfile/keys.h"

/*
 * The keys that this server is to have at `now`, in the order in which its file has them. Secrets.
 * False: *ret_fault says why.
 */
bool stek_feed_make_keys(const struct stek_feed_config *config, const struct stek_records *records,
                         int64_t now, struct stek_keyfile_keys *ret_keys,
                         struct stek_feed_fault *ret_fault);

/* Writes the files. What is not among the keys any more is overwritten and removed. */
bool stek_feed_put_keys(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                        struct stek_feed_fault *ret_fault);

/* Whether these files are there, as far as their names, modes and groups tell. */
bool stek_feed_has_files(const struct stek_feed_config *config,
                         const struct stek_keyfile_keys *keys);

/* Writes the files, and tells the server. */
bool stek_feed_hand_over(const struct stek_feed_config *config,
                         const struct stek_keyfile_keys *keys, struct stek_feed_fault *ret_fault);

/* Whether the server says that it holds the keys; one that cannot be asked does. False with an
 * empty *ret_fault: it holds others. */
bool stek_feed_is_held(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                       struct stek_feed_fault *ret_fault);

#endif
