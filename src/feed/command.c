/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/command.h"

#include "feed/config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 32, STEP_MS = 50, STEPS = STEK_FEED_COMMAND_S * 1000 / STEP_MS };

/* The first line of what it says. The rest is read, so that it can go on, and thrown away. */
struct said {
    int fd;
    size_t len;
    bool over; /* the line is complete */
    char text[120];
};

static bool fail(struct stek_feed_fault *ret_fault, const char *what, const char *why)
{
    stek_feed_fault_say(ret_fault, "%.120s: %.120s", what, why);
    return false;
}

static void listen_to(struct said *said)
{
    char piece[4096];
    const ssize_t got = read(said->fd, piece, sizeof piece); /* does not wait */

    for (ssize_t i = 0; i < got && !said->over; i++) {
        if (piece[i] != '\n' && said->len < sizeof said->text - 1)
            said->text[said->len++] = piece[i];
        else
            said->over = said->len > 0;
    }
    said->text[said->len] = '\0';
}

/* In the child: ends with it. */
static void run_words(const char *command, bool says_nothing, int said_fd)
{
    char text[STEK_FEED_VALUE_MAX];
    char *words[WORDS_MAX + 1] = {NULL};
    char *rest = NULL;
    size_t count = 0;

    (void)snprintf(text, sizeof text, "%s", command);
    for (char *word = strtok_r(text, " \t", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)setpgid(0, 0);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 ||
        dup2(says_nothing ? said_fd : nowhere, STDOUT_FILENO) < 0 ||
        dup2(said_fd, STDERR_FILENO) < 0)
        _exit(127);
    if (count > 0)
        (void)execv(words[0], words);
    (void)dprintf(STDERR_FILENO, "%s\n", strerror(errno));
    _exit(127);
}

/* Waits for the end; what takes too long is killed, with its children. False: it was. */
static bool reap(pid_t child, struct said *said, int *ret_status)
{
    const struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

    for (int step = 0; step < STEPS; step++) {
        listen_to(said);
        if (waitpid(child, ret_status, WNOHANG) == child)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(-child, SIGKILL);
    (void)kill(child, SIGKILL); /* it may not have begun its group */
    (void)waitpid(child, ret_status, 0);
    return false;
}

static bool judge(const char *command, bool says_nothing, int status, const struct said *said,
                  struct stek_feed_fault *ret_fault)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return !says_nothing || said->len == 0 || fail(ret_fault, "the command says", said->text);
    const char *between = said->len > 0 ? ": " : "";
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        stek_feed_fault_say(ret_fault, "%.100s: it cannot be run%s%s", command, between,
                            said->text);
    else
        stek_feed_fault_say(ret_fault, "%.100s: it ended with %s %d%s%s", command,
                            WIFEXITED(status) ? "status" : "signal",
                            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), between,
                            said->text);
    return false;
}

static bool run(const char *command, bool says_nothing, const int said[2],
                struct stek_feed_fault *ret_fault)
{
    struct said line = {.fd = said[0]};
    int status = 0;
    const pid_t child = fork();

    if (child == 0)
        run_words(command, says_nothing, said[1]);
    if (child < 0)
        return fail(ret_fault, "a new process", strerror(errno));
    if (!reap(child, &line, &status))
        return fail(ret_fault, command, "it took too long, and was killed");
    listen_to(&line);
    return judge(command, says_nothing, status, &line, ret_fault);
}

bool stek_feed_run_command(const char *command, bool says_nothing,
                           struct stek_feed_fault *ret_fault)
{
    int said[2];

    if (pipe2(said, O_CLOEXEC) != 0)
        return fail(ret_fault, "a pipe", strerror(errno));
    (void)fcntl(said[0], F_SETFL, O_NONBLOCK);
    const bool ok = run(command, says_nothing, said, ret_fault);
    (void)close(said[0]);
    (void)close(said[1]);
    return ok;
}
