/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of a ring in memory that processes share: one writer, many readers that never wait.
 *
 *     offset  bytes  field
 *          0      8  magic "stekring"
 *          8      8  version, 1
 *         16      8  generation: its lowest bit says which side holds; it rises by one with each change
 *         24      8  clean: the generation for which the other side was overwritten
 *         32   4648  side 0
 *       4680   4648  side 1
 *
 *     a side:  rotate_s, accept_s, lineage_s, ahead, count (8 bytes each),
 *              then 64 records of seq, active_from, active_until, accept_until, origin (8 bytes each), secret[32]
 *
 * Numbers are in the byte order of the host.
 *
 * Writer: fills the side that does not hold, stores generation + 1, then overwrites the other side with the same, so
 * that what was removed is nowhere, and says so in `clean`. Killed at any point, it leaves a generation whose side is
 * whole; who finds that `clean` is behind becomes the writer and overwrites the other side.
 * Reader: loads generation, copies that side, loads generation again; if it differs, the copy may be torn: again.
 *
 * The attacker can read or write the image only if he can read or write the memory of a process that serves; bytes
 * that are not a sound ring are refused all the same, never believed.
 */
#ifndef STEK_RINGFILE_IMAGE_H
#define STEK_RINGFILE_IMAGE_H

#include "stek.h"

#include "core/record.h"
#include "ringfile/words.h"

#include <stdalign.h>
#include <stdbool.h>

/* What one side holds, and what readers work with. */
struct stek_ring_state {
    int64_t rotate_s;
    int64_t accept_s;
    int64_t lineage_s;
    uint64_t ahead;
    struct stek_records records;
};

static inline void stek_ring_state_wipe(struct stek_ring_state *state)
{
    stek_wipe(state, sizeof *state);
}

struct stek_image {
    stek_word magic;
    stek_word version;
    stek_word generation;
    stek_word clean;
    stek_word side[2][STEK_WORDS(struct stek_ring_state)];
};

/* Makes an image of a ring with this policy (resolved) and no records yet. Nobody may be reading. */
void stek_image_init(struct stek_image *image, const struct stek_policy *policy);

/* The generation now: while it stays the same, so does the state. Thread-safe. */
static inline uint64_t stek_image_generation(const struct stek_image *image)
{
    return atomic_load_explicit(&image->generation, memory_order_acquire);
}

/*
 * Copies a whole state and its generation. Never waits; thread-safe.
 * Errors: STEK_ERR_FORMAT (not a ring, another version, unsound records), STEK_ERR_BUSY (it changed during each of 64
 * tries, which only a broken writer does).
 */
STEK_MUST_USE enum stek_result stek_image_read(const struct stek_image *image, struct stek_ring_state *ret_state,
                                               uint64_t *ret_generation);

/* Puts a new state in the place of the old one, on both sides. One writer at a time. */
void stek_image_write(struct stek_image *image, const struct stek_ring_state *state);

/* Whether the side that does not hold has been overwritten since the last change. Thread-safe. */
static inline bool stek_image_is_clean(const struct stek_image *image)
{
    return atomic_load_explicit(&image->clean, memory_order_acquire) == stek_image_generation(image);
}

/* After a writer died: overwrites the side that does not hold, whatever he left there. One writer at a time. */
void stek_image_scrub(struct stek_image *image);

/* The policy in a state. */
struct stek_policy stek_ring_state_policy(const struct stek_ring_state *state);

#endif
