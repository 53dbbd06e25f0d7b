/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of the system. Pure rooms do not use this: they take the time as an argument. */
#ifndef STEK_CLOCK_CLOCK_H
#define STEK_CLOCK_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t stek_clock_read_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds of the monotonic clock, for waiting and deadlines. */
static inline int64_t stek_clock_monotonic_ms(void)
{
    return stek_clock_read_ms(CLOCK_MONOTONIC);
}

/* Milliseconds that this thread has had of a processor: what a busy machine does not lengthen. */
static inline int64_t stek_clock_cpu_ms(void)
{
    return stek_clock_read_ms(CLOCK_THREAD_CPUTIME_ID);
}

/* Unix milliseconds. */
static inline int64_t stek_clock_unix_ms(void)
{
    return stek_clock_read_ms(CLOCK_REALTIME);
}

#endif
