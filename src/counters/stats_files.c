/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_files.h"

#include "counters/stats_held.h"
#include "counters/stats_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a step stands for, and what an entry may take for the price of one. */
enum { STEP_US = 13, FREE_US = 200 };

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
    stek_stats_walk_grant(walk, steps);
    walk->files = 0;
    walk->users = 0;
    walk->owner = NULL;
    walk->nested = NULL;
    walk->own_pid_namespace = stat("/proc/self/ns/pid", &about) == 0 ? (uint64_t)about.st_ino : 0;
    return walk;
}

void stek_stats_walk_close(struct stek_stats_walk *walk)
{
    if (walk == NULL)
        return;
    (void)closedir(walk->dir);
    stek_stats_nested_free(walk->nested);
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
    walk->held = stek_stats_is_held(file);
    walk->seen = STEK_STATS_SEEN_UNKNOWN;
    const ssize_t got = read_whole(file, walk->bytes, sizeof walk->bytes);
    if (got < 0 || !stek_stats_parse(walk->bytes, (size_t)got, &walk->view))
        return STEK_STATS_FOUND_GARBAGE;
    walk->owner->files++;
    walk->files++;
    return STEK_STATS_FOUND_FILE;
}

void stek_stats_walk_grant(struct stek_stats_walk *walk, unsigned steps)
{
    walk->steps = steps;
    walk->cpu_us = stek_stats_cpu_us();
}

/* Takes off what the entry before cost. */
static void pay(struct stek_stats_walk *walk)
{
    const int64_t now_us = stek_stats_cpu_us();
    const int64_t over_us = now_us - walk->cpu_us - FREE_US;
    const int64_t cost = over_us > 0 ? over_us / STEP_US : 0;

    walk->steps -= cost < (int64_t)walk->steps ? (unsigned)cost : walk->steps;
    walk->cpu_us = now_us;
}

enum stek_stats_found stek_stats_walk_next(struct stek_stats_walk *walk)
{
    const struct dirent *entry;

    pay(walk);
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

/* Whether process `i` of the view is among those of nested namespaces. */
static bool is_nested(const struct stek_stats_walk *walk, size_t i)
{
    /* Only a child enters itself as soon as it is made. */
    return walk->nested != NULL &&
           stek_stats_nested_has(walk->nested, walk->view.process[i].pid,
                                 walk->view.process[i].entered, walk->view.process[i].is_child);
}

/* Notes whether any process of the view can be seen from here. */
static void look_for_nested(struct stek_stats_walk *walk)
{
    if (walk->nested == NULL)
        walk->nested = stek_stats_nested_find(STEK_STATS_NESTED_CPU_US, &walk->steps);
    walk->seen = STEK_STATS_SEEN_NONE;
    if (walk->nested == NULL || !stek_stats_nested_is_whole(walk->nested))
        return;
    for (size_t i = 0; i < walk->view.processes && walk->seen == STEK_STATS_SEEN_NONE; i++)
        if (is_nested(walk, i))
            walk->seen = STEK_STATS_SEEN_SOME;
}

/* Of a process in another pid namespace. */
static enum stek_stats_life life_elsewhere(struct stek_stats_walk *walk, size_t i)
{
    if (!walk->view.lockable)
        return STEK_STATS_ALIVE;
    if (!walk->held)
        return STEK_STATS_GONE;
    if (walk->seen == STEK_STATS_SEEN_UNKNOWN)
        look_for_nested(walk);
    return walk->seen == STEK_STATS_SEEN_NONE || is_nested(walk, i) ? STEK_STATS_ALIVE
                                                                    : STEK_STATS_GONE;
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
        return life_elsewhere(walk, i);
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return STEK_STATS_GONE;
    /* A process that was made after the one that entered itself only has its number. */
    return !stek_stats_process_started(pid, &started) ||
                   started <= walk->view.process[i].entered + 1
               ? STEK_STATS_ALIVE
               : STEK_STATS_GONE;
}

bool stek_stats_walk_may_forget(const struct stek_stats_walk *walk)
{
    return walk->view.pid_namespace == walk->own_pid_namespace ||
           (walk->view.lockable && !walk->held);
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
