/* SPDX-License-Identifier: Apache-2.0 */
/* One clock for the program, libssl, libcrypto and whatever was loaded into them. It starts at the
 * time of the day, since certificates and stekd's ring have to be valid, and moves when it is told
 * to. */
#include "cases.h"

#include <sys/time.h>

static int64_t passed;

static int64_t now(void)
{
    static int64_t began;
    struct timespec real;

    if (began == 0 && clock_gettime(CLOCK_REALTIME, &real) == 0)
        began = real.tv_sec;
    return began + passed;
}

void pass_time(int64_t seconds)
{
    passed += seconds;
}

/* In the place of libc's: OpenSSL asks the one until 3.2, the other since. */
time_t time(time_t *ret_now)
{
    const time_t at = (time_t)now();

    if (ret_now != NULL)
        *ret_now = at;
    return at;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    (void)zone;
    *ret_now = (struct timeval){.tv_sec = (time_t)now()};
    return 0;
}
