/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files of secrets that are rewritten as time passes. A reader finds the old content or the
 * new one, whole, whatever stops the writer. The old content is overwritten: the attacker takes the
 * disk afterwards. What cannot be promised: file systems that copy on write, journals of data,
 * flash and snapshots keep old blocks.
 */
#ifndef STEK_SEED_WHOLEFILE_H
#define STEK_SEED_WHOLEFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a new file (mode 0600), on the disk when this returns; never overwrites one. Returns NULL,
 * or what is wrong (static; errno). */
const char *stek_wholefile_make(const char *path, const char *bytes, size_t len);

/*
 * Puts this content in the place of the file's, or makes the file (mode 0600). It keeps its owner,
 * group and mode; if this user may not give it away, it is this user's, with mode 0600. PATH.new is
 * used meanwhile; a writer that is killed may leave it, and the next one destroys it. Returns NULL,
 * or what is wrong (static; errno). Not for a symbolic link. One writer at a time.
 */
const char *stek_wholefile_replace(const char *path, const char *bytes, size_t len);

/* Overwrites a file of at most 4,096 bytes and removes it. False: it is still there (errno). True
 * also if there is none. */
bool stek_wholefile_destroy(const char *path);

#endif
