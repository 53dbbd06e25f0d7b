/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_pair(const int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

bool stek_audit_child_start(struct stek_audit_child *ret_child)
{
    int down[2], up[2];

    if (pipe(down) != 0)
        return false;
    if (pipe(up) != 0) {
        close_pair(down);
        return false;
    }
    const pid_t pid = fork();
    if (pid < 0) {
        close_pair(down);
        close_pair(up);
        return false;
    }
    (void)close(pid == 0 ? down[1] : down[0]);
    (void)close(pid == 0 ? up[0] : up[1]);
    *ret_child = pid == 0 ? (struct stek_audit_child){0, up[1], down[0]}
                          : (struct stek_audit_child){pid, down[1], up[0]};
    return true;
}

bool stek_audit_child_read(const struct stek_audit_child *child, void *ret_bytes, size_t len,
                           int64_t deadline_ms, const struct stek_audit_stop *stop)
{
    char *at = ret_bytes;

    while (len > 0) {
        if (!stek_audit_wait(child->from, POLLIN, deadline_ms, stop))
            return false;
        const ssize_t got = read(child->from, at, len);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
    return true;
}

void stek_audit_child_end(struct stek_audit_child *child)
{
    (void)close(child->to);
    (void)close(child->from);
    (void)kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}
