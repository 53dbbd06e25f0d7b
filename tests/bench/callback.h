/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and sealing in a loop: what is measured of the callbacks, and by whom. */
#ifndef TESTS_BENCH_CALLBACK_H
#define TESTS_BENCH_CALLBACK_H

#include "scene.h"

/* One point of the matrix. */
struct bench_config {
    const char *name;
    struct scene_shape shape;
    size_t threads;
    unsigned families; /* those worth measuring here: bits of enum bench_family */
    bool rotates;      /* every 10 ms */
    bool sweeps;       /* one call in each context in turn; else a slice stays with a few of them */
    bool apart; /* each thread in a process of its own: they share no memory that is written */
    struct scene *scene; /* shared by configs of one shape that do not rotate */
};

struct bench_cell {
    struct bench_config *config;
    const struct bench_way *way;
    bool seals; /* else it opens */
    int64_t ops;
    int64_t cpu_ns; /* of all threads */
    int64_t wall_ns;
};

/* One thread at work on a cell, on tickets first to first + count - 1. */
struct bench_worker {
    const struct bench_cell *cell;
    size_t thread;
    size_t first;
    size_t count;
    size_t begin;
    int64_t slice_ns;
    pthread_barrier_t *start;
    struct bench_floor *floor;
    struct bench_ticket ticket;
    uint8_t state[BENCH_TICKET_MAX];
    int64_t ops;
    int64_t cpu_ns;
    int64_t wall_ns;
};

/* Adds one slice to what the cell has measured; the number of the slice chooses the tickets. */
void bench_run_slice(struct bench_cell *cell, struct bench_worker *workers, int64_t slice_ns,
                     long slice);

/* So many calls by one worker; *at is where in its tickets it is. */
void bench_run_batch(struct bench_worker *worker, size_t *at, int calls);

#endif
