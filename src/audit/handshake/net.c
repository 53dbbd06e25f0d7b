/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/net.h"
#include "clock/clock.h"

#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

static bool connected(int fd, const struct addrinfo *to, int64_t deadline_ms,
                      const struct stek_audit_stop *stop)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    errno = ETIMEDOUT;
    if (!stek_audit_wait(fd, POLLOUT, deadline_ms, stop))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return false;
    errno = error;
    return error == 0;
}

/* -1 with errno. */
static int connect_to(const struct addrinfo *to, int64_t deadline_ms,
                      const struct stek_audit_stop *stop)
{
    const int one = 1;
    const int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    if (connected(fd, to, deadline_ms, stop)) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return fd;
    }
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

int stek_audit_dial(struct stek_audit_target *target, int64_t deadline_ms,
                    const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    int fd = -1;

    (void)snprintf(port, sizeof port, "%u", (unsigned)target->port);
    const int error = getaddrinfo(target->address[0] != '\0' ? target->address : target->host, port,
                                  &hints, &found);
    if (error != 0) {
        (void)snprintf(ret_problem, problem_len, "%s", gai_strerror(error));
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = connect_to(at, deadline_ms, stop);
        if (fd < 0)
            (void)snprintf(ret_problem, problem_len, "%s", stek_audit_errno_text(errno));
        else if (target->address[0] == '\0')
            (void)getnameinfo(at->ai_addr, at->ai_addrlen, target->address, sizeof target->address,
                              NULL, 0, NI_NUMERICHOST);
    }
    freeaddrinfo(found);
    return fd;
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
