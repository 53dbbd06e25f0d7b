/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a ring's one writer changes it, private (private.h) or a file (writer.h): decide on a copy,
 * then write.
 */
#ifndef STEK_RINGFILE_CHANGE_H
#define STEK_RINGFILE_CHANGE_H

#include "core/schedule.h"
#include "ringfile/image.h"

/*
 * A change: pure, edits *state as of `now`. Secrets that it needs were drawn beforehand; fewer,
 * even none, when the generator failed. On failure nothing is written.
 */
typedef enum stek_result (*stek_change_fn)(struct stek_ring_state *state, int64_t now,
                                           const struct stek_fresh *fresh, void *arg);

/*
 * Where a change is made. Not on the stack, since threads of some servers have 64 KiB of it
 * (stunnel's); in locked memory of the writer's, and wiped after each use.
 */
struct stek_change_room {
    struct stek_ring_state state;
    struct stek_fresh fresh;
};

/*
 * Applies a change: derives mask and fingerprint of new records, notes the time, checks that the
 * outcome is sound, and writes both sides if anything changed. The caller is the only writer.
 * Errors: those of `change`; STEK_ERR_FORMAT (the image, or the outcome, is no sound ring),
 * STEK_ERR_CRYPTO, STEK_ERR_BUSY.
 */
STEK_MUST_USE enum stek_result stek_image_change(struct stek_image *image,
                                                 struct stek_change_room *room,
                                                 stek_change_fn change, void *arg, int64_t now);

/*
 * Does what is due at `now`: rotates, publishes ahead, destroys what has retired; the last also
 * when the rest fails. Errors: those of stek_records_advance(), and as above.
 */
STEK_MUST_USE enum stek_result stek_image_update(struct stek_image *image,
                                                 struct stek_change_room *room, int64_t now);

#endif
