/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of a ring in memory that processes share: one writer, many readers that never wait. A
 * private ring has it in anonymous memory (private.h). A ring file is the same image, padded with
 * zeros to 20,480 bytes (ringfile.h).
 *
 *     offset  bytes  field
 *          0      8  magic "stekring"
 *          8      8  version, 1
 *         16      8  generation: its lowest bit says which side holds; it rises by one with each
 *                    change
 *         24      8  clean: the generation for which the other side was overwritten
 *         32   9808  side 0
 *       9840   9808  side 1
 *
 *     a side:  rotate_s, accept_s, max_session_age_s, ahead, source, floor, changed_at, flags,
 *              8 zero bytes, count (8 bytes each), then 64 records of seq, active_from,
 *              active_until, accept_until, origin (8 bytes each), secret[32], mask[64],
 *              fingerprint[16]; the records from `count` on are zeros
 *
 * Numbers are little-endian. (A big-endian host keeps its own order, and refuses files of the other
 * order by their version.)
 *
 * The writer fills the side that does not hold, stores generation + 1, then overwrites the other
 * side with the same, so that removed secrets are nowhere, and sets `clean`. If it is killed at any
 * point, the generation still names a complete side. The process that finds `clean` behind becomes
 * the writer and overwrites the other side.
 * A reader loads generation, copies that side, and loads generation again. If it differs, the copy
 * may be torn, and the reader starts again. tests/model has this protocol for Spin, step by step.
 *
 * The attacker can read or write the image only if he can read or write the memory of a process
 * that serves, or a ring file. Bytes that are not a sound ring are refused all the same.
 */
#ifndef STEK_RINGFILE_IMAGE_H
#define STEK_RINGFILE_IMAGE_H

#include "stek.h"

#include "core/record.h"
#include "core/words.h"

#include <stdalign.h>
#include <stdbool.h>

/* The keeper of a ring. */
enum stek_source {
    STEK_SOURCE_PRIVATE = 1, /* a process and its forks */
    STEK_SOURCE_HOST = 2,    /* stekd on this host */
    STEK_SOURCE_FLEET = 3,   /* stekd, in step with other hosts through a store */
    STEK_SOURCE_SEED = 4     /* stekd, from a seed that other hosts have, too */
};

/* Flags of a ring. */
enum {
    /* stekd was told to keep this ring on a disk, so readers accept one. */
    STEK_RING_ON_DISK = 1,
    /*
     * The records are not of the ring's source. This host made them before the ring had that
     * source, or because the fleet's store could not be reached. They serve until the source's
     * come.
     */
    STEK_RING_LOCAL = 2
};

/* What one side holds, and what readers work with. */
struct stek_ring_state {
    int64_t rotate_s;
    int64_t accept_s;
    int64_t max_session_age_s;
    uint64_t ahead;
    uint64_t source;    /* enum stek_source, in 8 bytes for copies by words */
    uint64_t floor;     /* no record with a lower seq opens; it falls only with another source */
    int64_t changed_at; /* when the writer last changed anything, Unix seconds; 0: never yet */
    uint64_t flags;     /* STEK_RING_… */
    uint64_t spare;
    struct stek_records records;
};

static inline void stek_ring_state_wipe(struct stek_ring_state *state)
{
    stek_wipe(state, sizeof *state);
}

enum { STEK_MASK_WORD = offsetof(struct stek_ring_state, records.at[0].mask) / 8 };

struct stek_image {
    stek_word magic;
    stek_word version;
    stek_word generation;
    stek_word clean;
    stek_word side[2][STEK_WORDS(struct stek_ring_state)];
};

/* Makes an image with this policy (resolved) and no records. There must be no reader. */
void stek_image_init(struct stek_image *image, const struct stek_policy *policy,
                     enum stek_source source);

enum { STEK_IMAGE_HEAD_LEN = 16 };

/* What is wrong with the first 16 bytes, magic and version: NULL, or a static text. */
const char *stek_image_head_problem(const uint8_t head[STEK_IMAGE_HEAD_LEN]);

/* NULL, or a static text that says what is wrong with an image. Reads it like stek_image_read(). */
const char *stek_image_problem(const struct stek_image *image);

/* What is wrong with a state, policy and records alike: NULL, or a static text. */
const char *stek_ring_state_problem(const struct stek_ring_state *state);

/* The generation now: while it stays the same, so does the state. Thread-safe. */
static inline uint64_t stek_image_generation(const struct stek_image *image)
{
    return atomic_load_explicit(&image->generation, memory_order_acquire);
}

/* The policy's max_session_age_s only: one word, never torn, but not checked. Thread-safe. */
static inline int64_t stek_image_max_session_age_s(const struct stek_image *image)
{
    const stek_word *side = image->side[stek_image_generation(image) & 1];

    return (int64_t)atomic_load_explicit(
        &side[offsetof(struct stek_ring_state, max_session_age_s) / 8], memory_order_relaxed);
}

/*
 * The place of the record with this fingerprint, counted from 1, or 0: none has it. Means something
 * only if the generation still holds afterwards, as below. Thread-safe.
 */
uint64_t stek_image_place(const struct stek_image *image, uint64_t generation,
                          const struct stek_fingerprint *fingerprint);

/* The mask of the record at this place. Thread-safe. */
static inline const stek_word *stek_image_mask(const struct stek_image *image, uint64_t generation,
                                               uint64_t place)
{
    return &image->side[generation & 1]
                       [STEK_MASK_WORD + (place - 1) * STEK_WORDS(struct stek_record)];
}

/*
 * Copies a whole state and its generation. Never waits; thread-safe. On failure *ret_state is
 * wiped: the room for another copy is more than small stacks have. Errors: STEK_ERR_FORMAT (not a
 * ring, another version, unsound records), STEK_ERR_BUSY (it changed during each of 64 tries, which
 * only a broken writer does).
 */
STEK_MUST_USE enum stek_result stek_image_read(const struct stek_image *image,
                                               struct stek_ring_state *ret_state,
                                               uint64_t *ret_generation);

/*
 * For the only writer: the record at this place, from 1 on, as the side that holds has it (a
 * secret: wipe), or false when there are fewer; and whether that side is this very state, in a time
 * that does not tell where they differ.
 */
bool stek_image_record(const struct stek_image *image, uint64_t place,
                       struct stek_record *ret_record);
bool stek_image_is(const struct stek_image *image, const struct stek_ring_state *state);

/* Puts a new state in the place of the old one, on both sides. One writer at a time; see change.h
 * for more than bytes. */
void stek_image_write(struct stek_image *image, const struct stek_ring_state *state);

/* Whether the side that does not hold has been overwritten since the last change. Thread-safe. */
static inline bool stek_image_is_clean(const struct stek_image *image)
{
    return atomic_load_explicit(&image->clean, memory_order_acquire) ==
           stek_image_generation(image);
}

/*
 * After a writer died: overwrites the side that does not hold, whatever it left there. One writer
 * at a time.
 */
void stek_image_scrub(struct stek_image *image);

/* The policy in a state. */
struct stek_policy stek_ring_state_policy(const struct stek_ring_state *state);

/* Puts another policy (resolved) in a state. Records keep the times that they have. */
void stek_ring_state_set_policy(struct stek_ring_state *state, const struct stek_policy *policy);

/*
 * Gives a state another source. The records stay, and serve until that source has others. A host
 * goes on where they are; to a fleet or a seed the floor means nothing, since its seqs are others.
 */
void stek_ring_state_set_source(struct stek_ring_state *state, enum stek_source source);

/* Whether the records are this host's to rotate: of source host, or STEK_RING_LOCAL. */
bool stek_ring_state_is_own(const struct stek_ring_state *state);

#endif
