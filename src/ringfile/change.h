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

/* Locked memory for a room. Errors: STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED. */
STEK_MUST_USE enum stek_result stek_change_room_open(struct stek_change_room **ret_room);

/* Wipes it and gives it back. NULL is fine. Keeps errno. */
void stek_change_room_close(struct stek_change_room *room);

/*
 * A change in steps, for one that waits before it is written: begin, any number of changes, end,
 * write. Nothing is written before the last, which cannot fail. In between, nobody else may change
 * the image. The room is not wiped. Errors: those of `change`; STEK_ERR_FORMAT (the image, or the
 * outcome, is no sound ring), STEK_ERR_CRYPTO, STEK_ERR_BUSY.
 */
STEK_MUST_USE enum stek_result stek_change_begin(const struct stek_image *image,
                                                 struct stek_change_room *room);
STEK_MUST_USE enum stek_result stek_change_add(const struct stek_image *image,
                                               struct stek_change_room *room, stek_change_fn change,
                                               void *arg, int64_t now);

/* Adds what is due: rotates, publishes ahead, destroys what has retired. Errors: those of
 * stek_records_advance(), and as above. */
STEK_MUST_USE enum stek_result stek_change_add_due(const struct stek_image *image,
                                                   struct stek_change_room *room, int64_t now);
STEK_MUST_USE enum stek_result stek_change_end(const struct stek_image *image,
                                               struct stek_change_room *room, int64_t now);
void stek_change_write(struct stek_image *image, const struct stek_change_room *room);

/* What a ring is to be, besides its records. */
struct stek_change_wish {
    const struct stek_policy *policy; /* resolved */
    enum stek_source source;
    bool on_disk;
};

/*
 * Begins, makes the ring what is wished for, and ends: then stek_change_write() is left. A ring of
 * source host has an active record afterwards. One that had another source keeps its records:
 * stek_ring_state_set_source().
 */
STEK_MUST_USE enum stek_result stek_change_to(const struct stek_image *image,
                                              struct stek_change_room *room,
                                              const struct stek_change_wish *wish, int64_t now);

/*
 * Applies a change: all of these steps, and wipes the room. Both sides are written if anything
 * changed. The caller is the only writer. Errors: as above.
 */
STEK_MUST_USE enum stek_result stek_image_change(struct stek_image *image,
                                                 struct stek_change_room *room,
                                                 stek_change_fn change, void *arg, int64_t now);

/* Destroys all records, in whoever maps the image, too. Cannot fail; an image that is no sound ring
 * is filled with zeros. */
void stek_image_clear(struct stek_image *image);

/*
 * Does what is due at `now`: rotates, publishes ahead, destroys what has retired; the last also
 * when the rest fails. Errors: those of stek_records_advance(), and as above.
 */
STEK_MUST_USE enum stek_result stek_image_update(struct stek_image *image,
                                                 struct stek_change_room *room, int64_t now);

#endif
