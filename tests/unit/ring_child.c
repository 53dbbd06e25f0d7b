/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, CHECK_FAILED = 99 };

static bool in_child;

void child_check_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: in process %d: %s does not hold\n", file, line, (int)getpid(),
                  condition);
    if (!in_child && gettid() == getpid())
        _fail(
            file,
            line); /* jumps back into the test program, which only the thread that runs it may do */
    _exit(CHECK_FAILED);
}

struct child child_start(void (*run)(int fd, void *arg), void *arg)
{
    int fds[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        in_child = true;
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent);
        (void)close(fds[0]);
        run(fds[1], arg);
        _exit(0);
    }
    (void)close(fds[1]);
    return (struct child){pid, fds[0]};
}

void child_tell(int fd, char byte)
{
    CHECK(send(fd, &byte, 1, MSG_NOSIGNAL) == 1);
}

int child_hear(int fd)
{
    char byte;
    ssize_t got;

    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1 ? byte : -1;
}

static int wait_for(struct child *child)
{
    int status;

    while (waitpid(child->pid, &status, 0) != child->pid)
        CHECK(errno == EINTR);
    (void)close(child->fd);
    return status;
}

void child_join(struct child *child)
{
    const int status = wait_for(child);

    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

void child_kill(struct child *child)
{
    CHECK(kill(child->pid, SIGKILL) == 0);
    const int status = wait_for(child);
    CHECK(WIFSIGNALED(status));
}

void child_run(void (*run)(int fd, void *arg), void *arg)
{
    struct child child = child_start(run, arg);

    child_join(&child);
}

void child_limit_locked_memory(size_t limit)
{
    const struct rlimit limits = {limit, limit};

    CHECK(setrlimit(RLIMIT_MEMLOCK, &limits) == 0);
    if (geteuid() == 0)
        CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}
