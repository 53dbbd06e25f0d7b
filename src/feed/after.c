/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/after.h"

#include "core/duration.h"
#include "feed/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PID_TEXT_MAX = 32, WORDS_MAX = 32, PATIENCE_STEPS = STEK_FEED_COMMAND_S * 20 };

static bool fail(struct stek_feed_fault *ret_fault, const char *what, const char *why)
{
    stek_feed_fault_say(ret_fault, "%.120s: %.120s", what, why);
    return false;
}

/*
 * Who can write the file decides which process gets the signal. So it is root's, the feed's own, or
 * that of the process's owner, and nobody else can write it.
 */
static const char *owner_problem(const struct stat *file, pid_t pid)
{
    char path[32];
    struct stat process;

    if (!S_ISREG(file->st_mode))
        return "it is not a regular file";
    if ((file->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others than its owner can write it: chmod go-w";
    if (file->st_uid == 0 || file->st_uid == geteuid())
        return NULL;
    (void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
    if (stat(path, &process) != 0)
        return strerror(ESRCH);
    return process.st_uid == file->st_uid ? NULL : "its owner is not the owner of that process";
}

static const char *read_pid(int fd, pid_t *ret_pid)
{
    char text[PID_TEXT_MAX] = "";
    struct stat status;
    int64_t number;

    if (fstat(fd, &status) != 0 || read(fd, text, sizeof text - 1) < 0)
        return strerror(errno);
    text[strcspn(text, " \t\r\n")] = '\0';
    if (!stek_number_parse(text, &number) || number < 2)
        return "it holds no number of a process";
    *ret_pid = (pid_t)number;
    return owner_problem(&status, *ret_pid);
}

static bool send_signal(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault)
{
    const int fd = open(config->pid_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    pid_t pid = 0;

    if (fd < 0)
        return fail(ret_fault, config->pid_file, strerror(errno));
    const char *problem = read_pid(fd, &pid);
    (void)close(fd);
    if (problem == NULL && kill(pid, config->signal_number) != 0)
        problem = strerror(errno);
    return problem == NULL || fail(ret_fault, config->pid_file, problem);
}

static bool send_line(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(stek_feed_answer) struct stek_feed_answer answer;
    char line[STEK_FEED_VALUE_MAX + 1];

    (void)snprintf(line, sizeof line, "%s\n", config->line);
    return stek_feed_talk(config->socket, line, STEK_FEED_UNTIL_LINE, &answer, ret_fault);
}

/* In the child: ends with it. */
static void run_words(char *command)
{
    char *words[WORDS_MAX + 1];
    char *rest = NULL;
    size_t count = 0;

    for (char *word = strtok_r(command, " \t", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    words[count] = NULL;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        _exit(127);
    if (count > 0)
        (void)execv(words[0], words);
    _exit(127);
}

/* Waits for the end; a command that takes too long is killed. False: it was. */
static bool reap(pid_t child, int *ret_status)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    for (int step = 0; step < PATIENCE_STEPS; step++) {
        if (waitpid(child, ret_status, WNOHANG) == child)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, ret_status, 0);
    return false;
}

static bool run_command(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault)
{
    char words[STEK_FEED_VALUE_MAX];
    int status = 0;

    memcpy(words, config->command, sizeof words);
    const pid_t child = fork();
    if (child == 0)
        run_words(words);
    if (child < 0)
        return fail(ret_fault, "a new process", strerror(errno));
    if (!reap(child, &status))
        return fail(ret_fault, config->command, "it took too long, and was killed");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return fail(ret_fault, config->command, "it cannot be run");
    stek_feed_fault_say(ret_fault, "%.200s: it ended with %s %d", config->command,
                        WIFEXITED(status) ? "status" : "signal",
                        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return false;
}

bool stek_feed_tell(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault)
{
    switch (config->after) {
    case STEK_FEED_SIGNAL:
        return send_signal(config, ret_fault);
    case STEK_FEED_LINE:
        return send_line(config, ret_fault);
    case STEK_FEED_COMMAND:
        return run_command(config, ret_fault);
    case STEK_FEED_NOTHING:
    case STEK_FEED_HAPROXY:
        break;
    }
    return true;
}
