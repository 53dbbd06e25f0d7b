/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history/history.h"

#include "daemon/system/failure.h"
#include "daemon/system/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char current[] = "history";
static const char previous[] = "history.1";

void stekd_history_init(struct stekd_history *history)
{
    *history =
        (struct stekd_history){.dir_fd = -1, .fd = -1, .last = -1, .before = -1, .refused_uid = -1};
}

static void complain(struct stekd_history *history, const char *words)
{
    (void)snprintf(history->problem, sizeof history->problem, "%s", words);
}

/* Makes the folder, if it is missing, whatever the umask is. */
static bool make(const char *path, uid_t owner, gid_t group)
{
    if (mkdir(path, 0700) != 0)
        return errno == EEXIST;
    return (owner == (uid_t)-1 || chown(path, owner, group) == 0) && chmod(path, 0700) == 0;
}

void stekd_history_open_folder(struct stekd_history *history, const char *path, uid_t owner,
                               gid_t group)
{
    struct stat found;

    (void)snprintf(history->folder, sizeof history->folder, "%s", path);
    const int fd = make(path, owner, group) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0 || fstat(fd, &found) != 0) {
        complain(history, stek_failure_name(errno).text);
    } else if (found.st_uid != 0 && found.st_uid != geteuid() && found.st_uid != owner) {
        complain(history, "it belongs to another user");
    } else if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        complain(history, "its group or others may write there: chmod 700");
    } else {
        history->dir_fd = fd;
        return;
    }
    if (fd >= 0)
        (void)close(fd);
}

/* ---- the file ---- */

/* Opens the file, alone. Returns -1, and says why. */
static int open_file(struct stekd_history *history, struct stat *ret_found)
{
    const int fd = openat(history->dir_fd, current,
                          O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd >= 0 && fstat(fd, ret_found) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        fchmod(fd, 0600) == 0) {
        if (S_ISREG(ret_found->st_mode))
            return fd;
        complain(history, "it is not a file");
    } else {
        complain(history,
                 errno == EWOULDBLOCK ? "another stekd keeps it" : stek_failure_name(errno).text);
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* The time of the last whole entry in the end of a file; -1: none is there. */
static int64_t last_entry(int fd, off_t size, bool *ret_torn)
{
    char text[4 * STEK_HISTORY_LINE_MAX];
    struct stek_history_entry entry = {.when = -1};
    const off_t from = size > (off_t)sizeof text ? size - (off_t)sizeof text : 0;
    const ssize_t len = pread(fd, text, sizeof text, from);
    const char *end = text + (len > 0 ? len : 0);

    for (const char *at = text, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            break;
        (void)stek_history_parse(at, (size_t)(stop - at), &entry);
    }
    *ret_torn = len > 0 && end[-1] != '\n';
    return entry.when;
}

/* Of the file before: for a start right after the other one became full. */
static int64_t last_of_previous(const struct stekd_history *history)
{
    struct stat found;
    bool torn;
    const int fd =
        openat(history->dir_fd, previous, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const int64_t last =
        fd >= 0 && fstat(fd, &found) == 0 ? last_entry(fd, found.st_size, &torn) : -1;

    if (fd >= 0)
        (void)close(fd);
    return last;
}

void stekd_history_begin(struct stekd_history *history)
{
    struct stat found = {.st_size = 0};

    if (history->dir_fd >= 0)
        history->fd = open_file(history, &found);
    if (history->fd < 0) {
        stek_log(STEK_LOG_WARNING,
                 "no history is kept in %s, so 'stek report' has nothing: %s: give another folder "
                 "with --state-dir",
                 history->folder, history->problem);
        return;
    }
    history->size = found.st_size;
    history->last = last_entry(history->fd, found.st_size, &history->torn);
    if (history->last < 0)
        history->last = last_of_previous(history);
    history->before = history->last;
}

/* The full file becomes the previous one. If that fails, the full one grows no more. It may have
 * become that already, when no new one could be opened. */
static bool begin_anew(struct stekd_history *history)
{
    struct stat found;

    if (renameat(history->dir_fd, current, history->dir_fd, previous) != 0 && errno != ENOENT)
        return false;
    const int fd = open_file(history, &found);
    if (fd < 0)
        return false;
    (void)close(history->fd);
    history->fd = fd;
    history->size = 0;
    history->anew = true;
    history->torn = false;
    return true;
}

/* All of it or nothing: what was written of it is taken back. */
static bool append(struct stekd_history *history, const char *line, size_t len)
{
    if (history->size + (off_t)len > STEK_HISTORY_FILE_MAX && !begin_anew(history))
        return false;
    if (history->torn && write(history->fd, "\n", 1) != 1)
        return false;
    history->size += history->torn;
    history->torn = false;
    const ssize_t written = write(history->fd, line, len);
    if (written == (ssize_t)len) {
        history->size += written;
        return true;
    }
    const int error = written < 0 ? errno : ENOSPC;
    if (written > 0) {
        history->torn = ftruncate(history->fd, history->size) != 0;
        history->size += history->torn ? written : 0;
    }
    errno = error;
    return false;
}

static bool append_entry(struct stekd_history *history, const struct stek_history_entry *entry,
                         int64_t now)
{
    char line[STEK_HISTORY_LINE_MAX];
    struct stek_history_entry timed = *entry;

    timed.when = now > 0 ? now : 0;
    const size_t len = stek_history_format(&timed, line);
    if (len == 0 || !append(history, line, len))
        return false;
    history->last = timed.when;
    return true;
}

/* Before the first entry that can be written again. */
static bool append_lost(struct stekd_history *history, int64_t now)
{
    struct stek_history_entry lost;

    stek_history_entry_init(STEK_HISTORY_LOST, &lost);
    lost.number = (int64_t)history->lost;
    lost.one = history->lost_since;
    if (!append_entry(history, &lost, now))
        return false;
    stek_log(STEK_LOG_NOTICE, "%s/%s can be written again; %ju entries are lost", history->folder,
             current, (uintmax_t)history->lost);
    history->lost = 0;
    history->failing = false;
    return true;
}

void stekd_history_add(struct stekd_history *history, const struct stek_history_entry *entry,
                       int64_t now)
{
    if (history == NULL || history->fd < 0)
        return;
    if ((!history->failing || append_lost(history, now)) && append_entry(history, entry, now))
        return;
    if (!history->failing)
        stek_log(STEK_LOG_WARNING, "%s/%s: %s; stekd goes on without a history", history->folder,
                 current, stek_failure_name(errno).text);
    if (history->lost == 0)
        history->lost_since = now > 0 ? now : 0;
    history->failing = true;
    history->lost++;
}

void stekd_history_close(struct stekd_history *history)
{
    if (history->fd >= 0)
        (void)close(history->fd);
    if (history->dir_fd >= 0)
        (void)close(history->dir_fd);
    stekd_history_init(history);
}
