/* SPDX-License-Identifier: Apache-2.0 */
/* What a benchmark of the callbacks works on: a ring of a given size, contexts in it, connections,
 * and tickets. */
#ifndef TESTS_BENCH_SCENE_H
#define TESTS_BENCH_SCENE_H

#include "ticket.h"

#include "ringfile/ring.h"

#include <pthread.h>

/* One interval of the ring, on its own clock. */
enum { SCENE_ROTATE_S = 3600, SCENE_THREADS_MAX = 2 };

struct scene_shape {
    size_t records;  /* in the ring: 2 (one active, one ahead) to 63 (the 64th place is for one that
                        just retires) */
    size_t contexts; /* each with an SSL_CTX of its own */
    size_t state_len;
};

struct scene {
    struct scene_shape shape;
    struct stek_ring *ring;
    _Atomic int64_t clock_offset_s; /* the ring's clock is the system's and this */
    _Atomic int64_t seen_offset_s; /* what the thread that keeps the tickets fresh has seen of it */
    size_t openers;                /* records that tickets may come from: all but those ahead */
    SSL_CTX **ctxs;
    SSL **ssls[SCENE_THREADS_MAX]; /* for each thread, one of each context; one thread only where
                                      contexts are many */
    size_t ticket_count;           /* ticket i belongs to context i % contexts */
    struct bench_ticket *tickets[BENCH_FAMILIES];
    uint8_t state[BENCH_STATE_MAX];
};

/* The keys of tickets are spread evenly over the records. */
struct scene *scene_new(const struct scene_shape *shape);
void scene_free(struct scene *scene);

/* As if a full handshake had just been: a ring that rotates every 10 ms passes any chain in
 * seconds. */
void scene_begin_chain(const struct scene *scene, const SSL *ssl);

/* Lets the ring's next interval begin. Any thread may. */
void scene_rotate(struct scene *scene);

/* Rotates every 10 ms until it is stopped, unless nobody has kept the tickets fresh for a few
 * turns. */
struct scene_rotator {
    struct scene *scene;
    pthread_t thread;
    atomic_bool stop;
};
void scene_rotator_start(struct scene_rotator *rotator, struct scene *scene);
void scene_rotator_stop(struct scene_rotator *rotator);

#endif
