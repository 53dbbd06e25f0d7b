/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a key-encryption key, one line:
 *
 *     stek-kek-2 ID EPOCH SECRET CHECK
 *
 * ID is 16 hexadecimal digits, EPOCH 6 decimal ones: the oldest epoch that it opens; SECRET (64) is
 * the secret of that, and CHECK (16) says that the others belong together. A root key is taken,
 * too: "stek-kek-1 " and 64 digits; it opens every epoch. Made by `stek fleet init`, copied to
 * every host of the fleet, read by stekd, and rewritten as epochs end.
 */
#ifndef STEK_FLEET_KEKFILE_H
#define STEK_FLEET_KEKFILE_H

#include "stek.h"

#include "fleet/store/kek.h"

#include <stdbool.h>

enum {
    STEK_KEKFILE_ROOT_LEN = 11 + 64 + 1,
    STEK_KEKFILE_LEN = 11 + 16 + 1 + 6 + 1 + 64 + 1 + 16 + 1
};

/* Reads a key's text. Returns NULL, or what is wrong (static). The newline may be missing. Pure. */
const char *stek_kekfile_parse(const char *text, size_t len, struct stek_kek *ret_kek);

/*
 * Reads the file. It must be regular, belong to this user or root, and be closed to others: no
 * reading by others, no writing by group. Returns NULL, or what is wrong (static; errno for what
 * the system refused). Thread-safe.
 */
const char *stek_kekfile_read(const char *path, struct stek_kek *ret_kek);

/* Makes a new file (mode 0600) with this key; never overwrites one. Returns NULL, or what is wrong
 * (static; errno). */
const char *stek_kekfile_write(const char *path, const struct stek_kek *kek);

/*
 * Puts this key in the place of the file's (seed/wholefile.h): what it opened beside this is
 * overwritten. Returns NULL, or what is wrong (static; errno).
 */
const char *stek_kekfile_replace(const char *path, const struct stek_kek *kek);

#endif
