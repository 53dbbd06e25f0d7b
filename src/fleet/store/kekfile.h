/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a key-encryption key: one line, "stek-kek-1 " and 64 hexadecimal digits. Made by
 * `stek fleet init`, copied to every host of the fleet, read by stekd.
 */
#ifndef STEK_FLEET_KEKFILE_H
#define STEK_FLEET_KEKFILE_H

#include "stek.h"

#include "crypto/wipe.h"

enum { STEK_KEKFILE_LEN = 11 + 64 + 1 };

/* Reads a key's text. Returns NULL, or what is wrong (static). The newline may be missing. Pure. */
const char *stek_kekfile_parse(const char *text, size_t len, struct stek_secret32 *ret_key);

/*
 * Reads the file. It must be regular, belong to this user or root, and be closed to others: no
 * reading by others, no writing by group. Returns NULL, or what is wrong (static; errno for what
 * the system refused). Thread-safe.
 */
const char *stek_kekfile_read(const char *path, struct stek_secret32 *ret_key);

/* Makes a new file (mode 0600) with this key; never overwrites one. Returns NULL, or what is wrong
 * (static; errno). */
const char *stek_kekfile_write(const char *path, const struct stek_secret32 *key);

#endif
