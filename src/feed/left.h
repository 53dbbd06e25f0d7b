/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places where feeds have put keys, as status.json remembers them: those of the feeds that are
 * configured, and those that feeds left behind when they left the configuration. What was left is
 * wiped by an order only: a server may still need it to start.
 */
#ifndef STEK_FEED_LEFT_H
#define STEK_FEED_LEFT_H

#include "feed/config.h"
#include "feed/place.h"

#include <jansson.h>

enum { STEK_FEED_PLACES_MAX = 256 };

/* Paths of files and directories. More than there is room for are forgotten. */
struct stek_feed_places {
    size_t count;
    char at[STEK_FEED_PLACES_MAX][STEK_FEED_VALUE_MAX];
};

/* The file or the directory of a feed. */
const char *stek_feed_place_of(const struct stek_feed_config *config);

/* Whether they name the same place, however many slashes stand in them. */
bool stek_feed_is_same_path(const char *a, const char *b);

/*
 * The status.json of a state directory. It is another user's word to whoever reads it: nothing but
 * a regular file of at most 1 MiB is read, and no text in it has a control character. NULL:
 * *ret_fault says why. The caller's to json_decref().
 */
json_t *stek_feed_status_read(const char *state_dir, struct stek_feed_fault *ret_fault);

/*
 * Reads from the status.json of a state directory where the feeds put their keys, and what feeds
 * left. Both are empty if there is none that can be read.
 */
void stek_feed_places_remembered(const char *state_dir, struct stek_feed_places *ret_feeds,
                                 struct stek_feed_places *ret_left);

/* Adds those of `more` that are not there yet. */
void stek_feed_places_add(struct stek_feed_places *places, const struct stek_feed_places *more);

void stek_feed_places_add_used(struct stek_feed_places *places,
                               const struct stek_feed_configs *configs);

/* Drops those of these feeds, and those that are not there any more. */
void stek_feed_places_drop_used(struct stek_feed_places *places,
                                const struct stek_feed_configs *configs);
void stek_feed_places_drop_gone(struct stek_feed_places *places);

/* Overwrites and removes what a feed wrote there. False: *ret_fault says why not. */
bool stek_feed_wipe_place(const char *path, struct stek_feed_fault *ret_fault);

#endif
