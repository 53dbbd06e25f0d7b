/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#include "timing.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MARK = SIGUSR1 };

void steps_mark(void)
{
    (void)raise(MARK);
}

static pid_t start(void (*work)(void *arg), void *arg)
{
    (void)fflush(stdout);
    const pid_t child = fork();

    bench_must(child >= 0, "no child");
    if (child > 0)
        return child;
    bench_must(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0, "ptrace is refused");
    work(arg);
    _exit(0);
}

void steps_count(void (*work)(void *arg), void (*tell)(long count, void *arg), void *arg)
{
    const pid_t child = start(work, arg);
    bool counts = false;
    long count = 0;
    int status;

    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        const bool stepped = counts && WSTOPSIG(status) == SIGTRAP;
        const bool marked = WSTOPSIG(status) == MARK;
        count += stepped;
        if (marked && counts)
            tell(count, arg);
        if (marked) {
            counts = !counts;
            count = 0;
        }
        const long deliver = stepped || marked ? 0 : WSTOPSIG(status);
        bench_must(ptrace(counts ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, deliver) == 0,
                   "ptrace fails");
    }
    bench_must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the counted child failed");
}
