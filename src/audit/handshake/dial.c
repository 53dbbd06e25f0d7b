/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/dial.h"

#include "audit/handshake/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static bool connected(int fd, const struct stek_audit_address *to, int64_t deadline_ms,
                      const struct stek_audit_stop *stop)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (connect(fd, (const struct sockaddr *)&to->bytes, to->len) == 0)
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
static int connect_to(const struct stek_audit_address *to, int64_t deadline_ms,
                      const struct stek_audit_stop *stop)
{
    const int one = 1;
    const int fd = socket(to->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

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

/* One of `left` addresses: a silent one must leave some of the time to the others. */
static int64_t share_of(int64_t deadline_ms, size_t left)
{
    const int64_t now_ms = stek_audit_now_ms();

    return deadline_ms > now_ms ? now_ms + (deadline_ms - now_ms) / (int64_t)left : deadline_ms;
}

int stek_audit_dial(struct stek_audit_target *target, int64_t deadline_ms,
                    const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len)
{
    struct stek_audit_addresses found = {0};
    const char *host = target->address[0] != '\0' ? target->address : target->host;
    int fd = -1;

    if (!stek_audit_resolve(host, target->port, deadline_ms, stop, &found, ret_problem,
                            problem_len))
        return -1;
    for (size_t i = 0; i < found.len && fd < 0; i++) {
        const struct stek_audit_address *at = &found.items[i];
        fd = connect_to(at, share_of(deadline_ms, found.len - i), stop);
        if (fd < 0)
            (void)snprintf(ret_problem, problem_len, "%s", stek_audit_errno_text(errno));
        else if (target->address[0] == '\0')
            (void)getnameinfo((const struct sockaddr *)&at->bytes, at->len, target->address,
                              sizeof target->address, NULL, 0, NI_NUMERICHOST);
    }
    if (fd >= 0 && problem_len > 0) /* what an address before said is no problem any more */
        ret_problem[0] = '\0';
    return fd;
}
