/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where keys are put for a server: files in a directory on a tmpfs.
 *
 * The attacker is another user of the host. He may neither read a key nor have the feed write
 * somewhere else: the directory is root's or the feed's own, nobody else may write in it, and files
 * are made anew and come in the place of others by a rename, so that a server never reads half of
 * one. An old file is overwritten before it goes, with random bytes and not with zeros: a server
 * that has just opened it must not take zeros for a key.
 */
#ifndef STEK_FEED_PLACE_H
#define STEK_FEED_PLACE_H

#include "keyfile/write.h"

#include <stdbool.h>
#include <sys/types.h>

struct stek_feed_place {
    int dir_fd;
    gid_t gid; /* that may read the files; (gid_t)-1: none */
};

/* What went wrong, in one line of printable ASCII, also where a server answered something else;
 * empty: nothing. */
struct stek_feed_fault {
    char text[256];
};

__attribute__((format(printf, 2, 3))) void stek_feed_fault_say(struct stek_feed_fault *fault,
                                                               const char *format, ...);

/* Opens a directory; `make` makes it if it is missing. False: *ret_fault says why. */
bool stek_feed_place_open(const char *directory, bool make, gid_t gid,
                          struct stek_feed_place *ret_place, struct stek_feed_fault *ret_fault);
void stek_feed_place_close(struct stek_feed_place *place);

/* Puts a file in the place of the one with this name, which is overwritten. */
bool stek_feed_place_put(const struct stek_feed_place *place, const char *name,
                         const uint8_t *bytes, size_t len, struct stek_feed_fault *ret_fault);

/* Whether there is a file of this name with the right mode and group. */
bool stek_feed_place_has(const struct stek_feed_place *place, const char *name);

/* Overwrites a file and removes it. That there is none is fine. */
bool stek_feed_place_remove(const struct stek_feed_place *place, const char *name,
                            struct stek_feed_fault *ret_fault);

/* Removes, in this way, all files whose name ends in `suffix` and that keep() does not want. */
bool stek_feed_place_clear(const struct stek_feed_place *place, const char *suffix,
                           bool (*keep)(const char *name, const void *arg), const void *arg,
                           struct stek_feed_fault *ret_fault);

#endif
