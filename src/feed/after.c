/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/after.h"

#include "core/duration.h"
#include "feed/command.h"
#include "feed/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_TEXT_MAX = 32 };

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

bool stek_feed_tell(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault)
{
    switch (config->after) {
    case STEK_FEED_SIGNAL:
        return send_signal(config, ret_fault);
    case STEK_FEED_LINE:
        return send_line(config, ret_fault);
    case STEK_FEED_COMMAND:
        /* dnsdist's console prints an error, and ends with status 0. */
        return stek_feed_run_command(config->command, config->layout->seals == STEK_KEYFILE_LAST,
                                     ret_fault);
    case STEK_FEED_NOTHING:
    case STEK_FEED_HAPROXY:
        break;
    }
    return true;
}
