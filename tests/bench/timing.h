/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, the median of times, and the end of a benchmark in which something did not work: its
 * figures would mean nothing. */
#ifndef TESTS_BENCH_TIMING_H
#define TESTS_BENCH_TIMING_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t bench_clock_ns(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int64_t bench_wall_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}

/* CPU time of the calling thread: what other work on the machine takes away does not count. */
static inline int64_t bench_cpu_ns(void)
{
    return bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline int bench_compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts the values. */
static inline long long bench_median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, bench_compare);
    return values[count / 2];
}

__attribute__((noreturn)) static inline void bench_die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

static inline void bench_must(int holds, const char *what)
{
    if (!holds)
        bench_die(what);
}

#endif
