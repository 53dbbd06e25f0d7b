/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_LEN = 1024, STARTED_FIELD = 22 };

struct stek_stats_walk *stek_stats_walk_open(int run_dir, const char *ring, unsigned steps)
{
    char path[STEK_STATS_PATH_LEN];
    struct stat about;

    if (!stek_stats_path(ring, "stats", path))
        return NULL;
    const int dir = openat(run_dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return NULL;
    struct stek_stats_walk *walk = malloc(sizeof *walk);
    DIR *stream = walk != NULL ? fdopendir(dir) : NULL;
    if (stream == NULL) {
        (void)close(dir);
        free(walk);
        return NULL;
    }
    walk->dir = stream;
    walk->steps = steps;
    walk->files = 0;
    walk->users = 0;
    walk->owner = NULL;
    walk->own_pid_namespace = stat("/proc/self/ns/pid", &about) == 0 ? (uint64_t)about.st_ino : 0;
    return walk;
}

void stek_stats_walk_close(struct stek_stats_walk *walk)
{
    if (walk == NULL)
        return;
    (void)closedir(walk->dir);
    free(walk);
}

/*
 * Opens a regular file of at most `len` bytes. Returns -1 for anything else. O_NONBLOCK: neither a
 * FIFO nor somebody's lease makes us wait. A hard link of another's file is no file of its own.
 */
static int open_file(int dir, const char *name, size_t len, uid_t *ret_owner)
{
    const int file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat about;

    if (file < 0)
        return -1;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_nlink == 1 &&
        about.st_size <= (off_t)len) {
        *ret_owner = about.st_uid;
        return file;
    }
    (void)close(file);
    return -1;
}

/* The file's length, or -1. Closes it. */
static ssize_t read_whole(int file, uint8_t *ret_bytes, size_t len)
{
    const ssize_t got = pread(file, ret_bytes, len, 0);

    (void)close(file);
    return got;
}

bool stek_stats_walk_read(struct stek_stats_walk *walk)
{
    uid_t owner;
    const int file = open_file(dirfd(walk->dir), walk->name, sizeof walk->bytes, &owner);
    const ssize_t got = file >= 0 ? read_whole(file, walk->bytes, sizeof walk->bytes) : -1;

    return got >= 0 && stek_stats_parse(walk->bytes, (size_t)got, &walk->view);
}

/* NULL: one user too many. */
static struct stek_stats_user *find_user(struct stek_stats_walk *walk, uid_t uid)
{
    size_t i = 0;

    while (i < walk->users && walk->user[i].uid != uid)
        i++;
    if (i == STEK_STATS_USERS_MAX)
        return NULL;
    if (i == walk->users)
        walk->user[walk->users++] = (struct stek_stats_user){.uid = uid};
    return &walk->user[i];
}

static bool is_over(const struct stek_stats_walk *walk, const struct stek_stats_user *user)
{
    return user == NULL || user->files >= STEK_STATS_FILES_OF_USER_MAX ||
           walk->files >= STEK_STATS_FILES_MAX;
}

/* Looks at the entry called `name`. */
static enum stek_stats_found look(struct stek_stats_walk *walk)
{
    uid_t uid;

    if (!stek_stats_is_name(walk->name))
        return STEK_STATS_FOUND_GARBAGE;
    const int file = open_file(dirfd(walk->dir), walk->name, sizeof walk->bytes, &uid);
    if (file < 0)
        return STEK_STATS_FOUND_GARBAGE;
    walk->owner = find_user(walk, uid);
    if (is_over(walk, walk->owner)) {
        (void)close(file);
        return STEK_STATS_FOUND_OVER;
    }
    const ssize_t got = read_whole(file, walk->bytes, sizeof walk->bytes);
    if (got < 0 || !stek_stats_parse(walk->bytes, (size_t)got, &walk->view))
        return STEK_STATS_FOUND_GARBAGE;
    walk->owner->files++;
    walk->files++;
    return STEK_STATS_FOUND_FILE;
}

enum stek_stats_found stek_stats_walk_next(struct stek_stats_walk *walk)
{
    const struct dirent *entry;

    do {
        if (walk->steps == 0)
            return STEK_STATS_FOUND_PAUSE;
        entry = readdir(walk->dir); /* NOLINT(concurrency-mt-unsafe): nobody else has this stream */
        if (entry == NULL)
            return STEK_STATS_FOUND_NONE;
        walk->steps--;
    } while (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    (void)snprintf(walk->name, sizeof walk->name, "%s", entry->d_name);
    return look(walk);
}

void stek_stats_walk_drop(struct stek_stats_walk *walk)
{
    walk->owner->files--;
    walk->files--;
}

/* Seconds of CLOCK_BOOTTIME at which a process was made, from /proc/PID/stat; false: not to be
 * seen. 0: it has ended. */
static bool read_started(int64_t pid, uint64_t *ret_started)
{
    char path[48];
    char text[STAT_LEN];
    unsigned field = 2;

    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const ssize_t len = read(file, text, sizeof text - 1);
    (void)close(file);
    if (len <= 0)
        return false;
    text[len] = '\0';
    const char *at = strrchr(text, ')'); /* the command's name may hold anything */
    if (at == NULL || at[1] != ' ')
        return false;
    if (at[2] == 'Z' || at[2] == 'X') {
        *ret_started = UINT64_MAX;
        return true;
    }
    while (at != NULL && field < STARTED_FIELD) {
        at = strchr(at + 1, ' ');
        field++;
    }
    if (at == NULL)
        return false;
    *ret_started = strtoull(at, NULL, 10) / (uint64_t)sysconf(_SC_CLK_TCK);
    return true;
}

enum stek_stats_life stek_stats_walk_life(struct stek_stats_walk *walk, size_t i)
{
    const int64_t pid = walk->view.process[i].pid;
    uint64_t started;

    if (walk->owner->processes >= STEK_STATS_PROCESSES_OF_USER_MAX)
        return STEK_STATS_UNKNOWN;
    walk->steps -= walk->steps > 0; /* the last file is finished: some 256 more at most */
    walk->owner->processes++;
    if (walk->view.pid_namespace != walk->own_pid_namespace)
        return STEK_STATS_ALIVE;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return STEK_STATS_GONE;
    /* A process that was made after the one that entered itself only has its number. */
    return !read_started(pid, &started) || started <= walk->view.process[i].entered + 1
               ? STEK_STATS_ALIVE
               : STEK_STATS_GONE;
}

void stek_stats_total_read(int run_dir, const char *ring, struct stek_stats_total *ret_total)
{
    uint8_t bytes[sizeof *ret_total + 1];
    char path[STEK_STATS_PATH_LEN];
    uid_t owner;

    *ret_total = (struct stek_stats_total){.magic = stek_stats_magic("stektotl"),
                                           .version = STEK_STATS_VERSION};
    if (!stek_stats_path(ring, "total", path))
        return;
    const int file = open_file(run_dir, path, sizeof bytes, &owner);
    const ssize_t got = file >= 0 ? read_whole(file, bytes, sizeof bytes) : -1;
    if (got >= 0)
        (void)stek_stats_total_parse(bytes, (size_t)got, ret_total);
}

bool stek_stats_total_has(const struct stek_stats_total *total, const char *name)
{
    for (uint64_t i = 0; i < total->names; i++)
        if (strcmp(total->name[i], name) == 0)
            return true;
    return false;
}
