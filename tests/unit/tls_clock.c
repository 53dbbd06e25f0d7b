/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_clock.h"

#include <stdatomic.h>
#include <time.h>

/* 2026-01-01: within the life of every certificate that a test makes. */
static _Atomic int64_t clock_now = 1767225600;

int64_t tls_clock_now(void)
{
    return atomic_load(&clock_now);
}

void tls_clock_set(int64_t now)
{
    atomic_store(&clock_now, now);
}

void tls_clock_pass(int64_t seconds)
{
    atomic_fetch_add(&clock_now, seconds);
}

int64_t tls_clock_read(void *arg)
{
    (void)arg;
    return tls_clock_now();
}

/* In the place of libc's, for the libraries too. */
time_t time(time_t *ret_now)
{
    const time_t now = (time_t)tls_clock_now();

    if (ret_now != NULL)
        *ret_now = now;
    return now;
}
