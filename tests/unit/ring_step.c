/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_step.h"

#include "ring_child.h"

#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int stop_signal(pid_t pid)
{
    int status;

    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSTOPPED(status));
    return WSTOPSIG(status);
}

pid_t step_start(void (*run)(void *arg), void *arg)
{
    const pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
            (void)raise(SIGSTOP);
        run(arg);
        (void)raise(SIGSTOP);
        _exit(0);
    }
    CHECK(stop_signal(pid) == SIGSTOP);
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(uintptr_t)PTRACE_O_EXITKILL) == 0);
    return pid;
}

bool step_once(pid_t pid)
{
    CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
    const int signal = stop_signal(pid);
    CHECK(signal == SIGTRAP || signal == SIGSTOP);
    return signal == SIGTRAP;
}

void step_kill(pid_t pid)
{
    int status;

    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
}
