/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's side: the directory, and the total of those that are gone. */
#include "counters/stats_aggregate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 01770 };

enum stek_result stek_stats_make_dir(int run_dir, const char *ring, gid_t group)
{
    char path[STEK_STATS_PATH_LEN];

    if (!stek_stats_path(ring, "stats", path) ||
        (mkdirat(run_dir, path, 0700) != 0 && errno != EEXIST))
        return STEK_ERR_SYSTEM;
    const int dir = openat(run_dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return STEK_ERR_SYSTEM;
    const bool ok = fchown(dir, (uid_t)-1, group) == 0 && fchmod(dir, DIRECTORY_MODE) == 0;
    const int error = errno;
    (void)close(dir);
    errno = error;
    return ok ? STEK_OK : STEK_ERR_SYSTEM;
}

static bool write_new(int run_dir, const char *path, const struct stek_stats_total *total)
{
    (void)unlinkat(run_dir, path, 0);
    const int file =
        openat(run_dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0)
        return false;
    const bool ok =
        fchmod(file, 0644) == 0 && write(file, total, sizeof *total) == (ssize_t)sizeof *total;
    (void)close(file);
    return ok;
}

/* Puts a new total in the place of the old one, whole or not at all. */
static bool replace_total(int run_dir, const char *ring, struct stek_stats_total *total)
{
    char path[STEK_STATS_PATH_LEN];
    char fresh[STEK_STATS_PATH_LEN];

    total->generation++;
    return stek_stats_path(ring, "total", path) && stek_stats_path(ring, "total.new", fresh) &&
           write_new(run_dir, fresh, total) && renameat(run_dir, fresh, run_dir, path) == 0;
}

/* They may have grown until its end was seen. */
void stek_stats_aggregate_add(struct stek_stats_walk *walk, struct stek_stats_total *total)
{
    if (!stek_stats_walk_read(walk))
        return;
    for (size_t i = 0; i < STEK_COUNTERS; i++) {
        const uint64_t room = STEK_STATS_COUNT_MAX - total->count[i];
        total->count[i] += walk->view.count[i] < room ? walk->view.count[i] : room;
    }
    (void)snprintf(total->name[total->names++], STEK_STATS_NAME_LEN, "%.31s", walk->name);
}

bool stek_stats_aggregate_resume(int run_dir, const char *ring, int dir,
                                 struct stek_stats_total *total)
{
    uint64_t kept = 0;

    for (uint64_t i = 0; i < total->names; i++) {
        if (unlinkat(dir, total->name[i], 0) == 0 || errno == ENOENT)
            continue;
        if (kept != i)
            memcpy(total->name[kept], total->name[i], STEK_STATS_NAME_LEN);
        kept++;
    }
    memset(total->name[kept], 0, (size_t)(STEK_STATS_NAMES - kept) * STEK_STATS_NAME_LEN);
    total->names = kept;
    return replace_total(run_dir, ring, total);
}

bool stek_stats_aggregate_commit(int run_dir, const char *ring, int dir,
                                 struct stek_stats_total *total)
{
    return replace_total(run_dir, ring, total) &&
           stek_stats_aggregate_resume(run_dir, ring, dir, total);
}

/* Whether there is nothing of that name any more. */
static bool remove_path(int run_dir, const char *path, int flags)
{
    return unlinkat(run_dir, path, flags) == 0 || errno == ENOENT;
}

/* A file, or a folder that is empty. */
static bool remove_entry(int dir, const char *name)
{
    return unlinkat(dir, name, 0) == 0 ||
           (errno == EISDIR && unlinkat(dir, name, AT_REMOVEDIR) == 0);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes what is in an open directory; returns whether there was anything that could be. */
static bool remove_entries(DIR *stream, unsigned steps)
{
    bool any = false;

    while (steps-- > 0) {
        const struct dirent *entry = readdir(stream); /* NOLINT(concurrency-mt-unsafe) */
        if (entry == NULL)
            break;
        any = (!is_dots(entry->d_name) && remove_entry(dirfd(stream), entry->d_name)) || any;
    }
    return any;
}

static bool empty_dir(int run_dir, const char *path, unsigned steps)
{
    const int dir = openat(run_dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = dir >= 0 ? fdopendir(dir) : NULL;

    if (stream == NULL) {
        if (dir >= 0)
            (void)close(dir);
        return false;
    }
    (void)fchmod(dir, 0700);
    const bool any = remove_entries(stream, steps);
    (void)closedir(stream);
    return any;
}

enum stek_stats_removal stek_stats_remove(int run_dir, const char *ring, unsigned steps)
{
    char path[STEK_STATS_PATH_LEN];

    if (!stek_stats_path(ring, "total", path))
        return STEK_STATS_REMOVED;
    bool removed = remove_path(run_dir, path, 0);
    (void)stek_stats_path(ring, "total.new", path);
    removed = remove_path(run_dir, path, 0) && removed;
    (void)stek_stats_path(ring, "stats", path);
    if (remove_path(run_dir, path, AT_REMOVEDIR))
        return removed ? STEK_STATS_REMOVED : STEK_STATS_STUCK;
    const bool any = empty_dir(run_dir, path, steps);
    if (remove_path(run_dir, path, AT_REMOVEDIR))
        return removed ? STEK_STATS_REMOVED : STEK_STATS_STUCK;
    return any ? STEK_STATS_LEFT : STEK_STATS_STUCK;
}
