/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/module/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1024 };

/* What standard error was when the module was loaded. */
static struct stat at_load;
static bool was_open;

void stek_say_prepare(void)
{
    static bool prepared;

    if (!prepared)
        was_open = fstat(STDERR_FILENO, &at_load) == 0;
    prepared = true;
}

static bool is_network(void)
{
    struct sockaddr address = {.sa_family = AF_UNSPEC};
    socklen_t len = sizeof address;

    return getsockname(STDERR_FILENO, &address, &len) != 0 || address.sa_family != AF_UNIX;
}

static bool is_appended_to(void)
{
    const int flags = fcntl(STDERR_FILENO, F_GETFL);

    return flags >= 0 && (flags & O_APPEND) != 0;
}

/* Whether standard error is what its name says, as far as one can tell. */
static bool is_for_messages(void)
{
    struct stat now;

    if (fstat(STDERR_FILENO, &now) != 0 || (S_ISSOCK(now.st_mode) && is_network()))
        return false;
    return (was_open && now.st_dev == at_load.st_dev && now.st_ino == at_load.st_ino) ||
           S_ISCHR(now.st_mode) || (S_ISREG(now.st_mode) && is_appended_to());
}

/* A pipe that has room for less than PIPE_BUF is not ready. */
static bool would_not_block(void)
{
    struct pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&standard_error, 1, 0) == 1 && (standard_error.revents & POLLOUT) != 0;
}

/* These end or stop the program. A write(2) raises them in the thread that calls it. */
static void name_signals(sigset_t *ret_signals)
{
    (void)sigemptyset(ret_signals);
    (void)sigaddset(ret_signals, SIGPIPE);
    (void)sigaddset(ret_signals, SIGXFSZ);
    (void)sigaddset(ret_signals, SIGTTOU);
}

/* Takes the signal that the write raised, unless it was waiting before. */
static void write_without_signals(const char *line, size_t len)
{
    static const struct timespec at_once;
    sigset_t signals, before, waiting;

    name_signals(&signals);
    if (pthread_sigmask(SIG_BLOCK, &signals, &before) != 0)
        return;
    (void)sigemptyset(&waiting);
    (void)sigpending(&waiting);
    if (would_not_block() && write(STDERR_FILENO, line, len) < 0) {
        const int raised = errno == EPIPE ? SIGPIPE : errno == EFBIG ? SIGXFSZ : 0;
        sigset_t one;
        (void)sigemptyset(&one);
        if (raised != 0 && sigaddset(&one, raised) == 0 && sigismember(&waiting, raised) == 0)
            (void)sigtimedwait(&one, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void stek_say(const char *format, ...)
{
    const int error = errno;
    char line[LINE_MAX_LEN];
    va_list arguments;

    va_start(arguments, format);
    const int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len > 0 && is_for_messages())
        write_without_signals(line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
    errno = error;
}
