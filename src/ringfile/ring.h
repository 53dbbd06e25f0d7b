/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring as this process holds it: the shared records and the derived keys of the contexts in use.
 * Where stek_ring_new and its like are implemented, and the room between the TLS callbacks and the
 * core: they ask for a key by context and time, and get one.
 */
#ifndef STEK_RINGFILE_RING_H
#define STEK_RINGFILE_RING_H

#include "ringfile/contexts.h"
#include "ringfile/ivs.h"
#include "ringfile/private.h"
#include "ringfile/ringfile.h"
#include "ringfile/stretch.h"
#include "counters/stats.h"

/* Tells the time in Unix seconds. */
typedef int64_t (*stek_clock_fn)(void *arg);

struct stek_ring {
    atomic_uint holds;
    struct stek_ring *next;         /* the list of rings in this process: process.h */
    const struct stek_image *image; /* in `shared`, or in `file` */
    struct stek_private
        *shared; /* of a private ring; NULL: the image is a file's, and is kept by its writer */
    struct stek_ringfile file;
    stek_clock_fn clock;
    void *clock_arg;
    struct stek_arena arena; /* of caches and IVs */
    struct stek_contexts contexts;
    _Atomic(struct stek_ivs *) ivs; /* NULL: none yet, or none can be made */
    atomic_bool ivs_refused;
    struct stek_stretch looked_at;     /* caches hold nothing that was retired then */
    char name[STEK_RING_NAME_MAX + 1]; /* of a file's ring */
    char *stats_dir; /* path of the run directory, until a file of counters was tried; NULL: none */
    atomic_bool stats_tried;
    _Atomic(struct stek_stats *) stats; /* NULL: nothing is counted (yet) */
};

/* Like stek_ring_new(), but the first use makes the keys. Needs no random generator yet. */
STEK_MUST_USE enum stek_result stek_ring_new_empty(const struct stek_policy *policy,
                                                   struct stek_ring **ret_ring);

static inline bool stek_ring_is_private(const struct stek_ring *ring)
{
    return ring->shared != NULL;
}

/* Whether the ring is the one that stek_ring_open(path) would open: false also when it would open
 * none. Thread-safe. */
bool stek_ring_is_file(const struct stek_ring *ring, const char *path);

/*
 * Makes this program's file of counters if there is none yet. Called when the ring gets its first
 * SSL_CTX that can serve: then, most programs have not given up the right to do it, and those that
 * serve nobody never come here. Thread-safe.
 */
void stek_ring_start_counting(struct stek_ring *ring);

/* Takes another hold, to be given back with stek_ring_free(). */
void stek_ring_hold(struct stek_ring *ring);

/* Replaces the ring's clock (time(2) at first). For tests, before the ring is used. */
void stek_ring_set_clock(struct stek_ring *ring, stek_clock_fn clock, void *arg);

static inline int64_t stek_ring_now(const struct stek_ring *ring)
{
    return ring->clock(ring->clock_arg);
}

/* The longest chain of resumptions now, by the ring's policy. Thread-safe. */
static inline int64_t stek_ring_max_session_age_s(const struct stek_ring *ring)
{
    return stek_image_max_session_age_s(ring->image);
}

/*
 * The keys of a context, for the calls below, with a hold: they live until it is given back, or as
 * long as the ring. NULL: no memory. Thread-safe; takes a lock.
 */
struct stek_keys *stek_ring_keys(struct stek_ring *ring, const struct stek_context *context);

/*
 * Gives one hold back (NULL is fine). The caller must not use the keys any more. Thread-safe; takes
 * a lock.
 */
void stek_ring_keys_release(struct stek_ring *ring, struct stek_keys *keys);

/* The key that seals at `now`; false: none, so no ticket. Thread-safe; usually takes no lock. */
bool stek_ring_seal(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                    struct stek_seal_key *ret_key);

/* What to do with a ticket of this name; sets *ret_key unless unknown. Thread-safe, as above. */
enum stek_choice stek_ring_find(struct stek_ring *ring, struct stek_keys *keys,
                                const uint8_t name[STEK_NAME_LEN], bool single_use, int64_t now,
                                struct stek_ticket_key *ret_key);

/* A fresh unpredictable IV. Errors: STEK_ERR_RANDOM. Thread-safe; each is given once, in one
 * process and its copies (ivs.h). */
STEK_MUST_USE enum stek_result stek_ring_iv(struct stek_ring *ring, int64_t now,
                                            uint8_t ret_iv[STEK_IV_LEN]);

#endif
