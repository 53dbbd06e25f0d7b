/* SPDX-License-Identifier: Apache-2.0 */
/* A seed's file: read with suspicion, replaced in one step, and the old content overwritten as far
 * as that is possible. */
#ifndef STEK_FLEET_SEEDFILE_H
#define STEK_FLEET_SEEDFILE_H

#include "seed/seed.h"

/*
 * Reads a seed. The file must be regular, owned by this user or root, and closed to all others.
 * Returns NULL, or what is wrong (static; errno for what the system refused), and *ret_seed is
 * untouched. Thread-safe.
 */
const char *stek_seedfile_read(const char *path, struct stek_seed *ret_seed);

/*
 * Replaces the file by `seed` (seed/wholefile.h): a crash leaves the old or the new one, whole, and
 * the old content is overwritten. Returns NULL, or what is wrong (static; errno). One writer at a
 * time.
 */
const char *stek_seedfile_replace(const char *path, const struct stek_seed *seed);

/* Makes a new file (mode 0600) with this seed; never overwrites one. Returns NULL, or what is wrong
 * (static; errno). */
const char *stek_seedfile_make(const char *path, const struct stek_seed *seed);

#endif
