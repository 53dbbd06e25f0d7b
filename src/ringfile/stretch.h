/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stretch of time for which a process has last looked at all records of its ring: at one
 * generation, up to the next moment at which a record changes its state. What was destroyed in
 * caches then is all that had to be, and what was due in the ring is done. Nothing in it is secret.
 *
 * It has a version as caches do (key_cache.h): odd while it is written.
 */
#ifndef STEK_RINGFILE_STRETCH_H
#define STEK_RINGFILE_STRETCH_H

#include "core/record.h"
#include "core/words.h"

#include <stdbool.h>

struct stek_stretch {
    stek_word version;
    stek_word generation;
    stek_word valid_from;
    stek_word valid_until;
    stek_word active; /* the active record's index among the records as they are settled, from 1
                         on; 0: none is active */
    stek_word place;  /* and its place in the image, from 1 on; 0: it is not there */
};

/* What a process knows of the ring in a stretch. Records that have retired may still stand in the
 * image, and others be continued, so that a record's place there is not its index. */
struct stek_looked_at {
    struct stek_view view;
    uint64_t place;
};

static inline void stek_stretch_set(stek_word *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

static inline uint64_t stek_stretch_get(const stek_word *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

/* One writer at a time. */
static inline void stek_stretch_write(struct stek_stretch *stretch, uint64_t generation,
                                      const struct stek_looked_at *seen)
{
    const uint64_t version = stek_stretch_get(&stretch->version);

    stek_stretch_set(&stretch->version, version + 1);
    stek_stretch_set(&stretch->generation, generation);
    stek_stretch_set(&stretch->valid_from, (uint64_t)seen->view.valid_from);
    stek_stretch_set(&stretch->valid_until, (uint64_t)seen->view.valid_until);
    stek_stretch_set(&stretch->active, (uint64_t)seen->view.active + 1);
    stek_stretch_set(&stretch->place, seen->place);
    stek_stretch_set(&stretch->version, version + 2);
}

/* What was seen, where the stretch is of this generation and `now` is in it. Thread-safe, never
 * waits. */
static inline bool stek_stretch_read(const struct stek_stretch *stretch, uint64_t generation,
                                     int64_t now, struct stek_looked_at *ret_seen)
{
    const uint64_t version = stek_stretch_get(&stretch->version);
    const bool same = stek_stretch_get(&stretch->generation) == generation;
    const struct stek_looked_at seen = {{(int64_t)stek_stretch_get(&stretch->valid_from),
                                         (int64_t)stek_stretch_get(&stretch->valid_until),
                                         (int)stek_stretch_get(&stretch->active) - 1},
                                        stek_stretch_get(&stretch->place)};

    if (version == 0 || (version & 1) != 0 || stek_stretch_get(&stretch->version) != version ||
        !same || now < seen.view.valid_from || now >= seen.view.valid_until)
        return false;
    *ret_seen = seen;
    return true;
}

#endif
