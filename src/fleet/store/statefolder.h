/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host's state folder (/var/lib/stek): what it must still know after a reboot. KEYID.kek is a
 * key-encryption key that has gone on further than the operator's file, where that cannot be
 * rewritten; RING.seen is what was seen of a ring in the store. Only this user may enter it.
 */
#ifndef STEK_FLEET_STATEFOLDER_H
#define STEK_FLEET_STATEFOLDER_H

#include "fleet/store/kek.h"
#include "fleet/store/seen.h"

#include <stdbool.h>

enum { STEK_STATE_PATH_MAX = 1024 };

/* Makes the folder if its parent is there. Returns NULL, or what is wrong (static; errno). */
const char *stek_state_prepare(const char *folder);

/*
 * If the folder has this key, and has it at a later epoch than *kek, that takes its place. Returns
 * NULL, or what is wrong with the folder's file (static; errno): *kek is untouched then.
 */
const char *stek_state_read_key(const char *folder, struct stek_kek *kek);

/* Keeps the key there; or destroys what is there of it. Return NULL, or what is wrong (static;
 * errno). */
const char *stek_state_keep_key(const char *folder, const struct stek_kek *kek);
const char *stek_state_drop_key(const char *folder, const struct stek_kek *kek);

/* What was seen of a ring; not known if there is nothing, or nothing sound. False with errno: it
 * could not be read just now, so nobody knows whether there is something. */
bool stek_state_read_seen(const char *folder, const char *ring, struct stek_seen *ret_seen);

/* Returns NULL, or what is wrong (static; errno). */
const char *stek_state_keep_seen(const char *folder, const char *ring,
                                 const struct stek_seen *seen);

#endif
