/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/net.h"
#include "clock/clock.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SLICE_MS = 200 }; /* a stop is noticed at least so often */

bool stek_audit_stopped(const struct stek_audit_stop *stop)
{
    return stop != NULL && stop->stop != NULL && stop->stop(stop->arg);
}

int64_t stek_audit_now_ms(void)
{
    return stek_clock_monotonic_ms();
}

int64_t stek_audit_now(void)
{
    return (int64_t)time(NULL);
}

bool stek_audit_wait(int fd, short events, int64_t deadline_ms, const struct stek_audit_stop *stop)
{
    struct pollfd entry = {.fd = fd, .events = events};

    while (!stek_audit_stopped(stop)) {
        const int64_t left_ms = deadline_ms - stek_audit_now_ms();
        if (left_ms <= 0)
            return false;
        if (poll(&entry, 1, (int)(left_ms < SLICE_MS ? left_ms : SLICE_MS)) > 0)
            return true;
    }
    return false;
}

bool stek_audit_send(int fd, const void *bytes, size_t len, int64_t deadline_ms,
                     const struct stek_audit_stop *stop)
{
    const char *at = bytes;

    while (len > 0) {
        const ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if ((errno != EAGAIN && errno != EINTR) ||
                   !stek_audit_wait(fd, POLLOUT, deadline_ms, stop)) {
            return false;
        }
    }
    return true;
}

long stek_audit_receive(int fd, void *ret_bytes, size_t len, int64_t deadline_ms,
                        const struct stek_audit_stop *stop)
{
    for (;;) {
        const ssize_t got = recv(fd, ret_bytes, len, 0);
        if (got >= 0)
            return (long)got;
        if (errno != EAGAIN && errno != EINTR)
            return 0;
        if (!stek_audit_wait(fd, POLLIN, deadline_ms, stop))
            return -1;
    }
}

const char *stek_audit_errno_text(int number)
{
    return strerror_l(number, uselocale((locale_t)0));
}
