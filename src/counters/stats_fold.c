/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's side: the directory, and the total of those that are gone. */
#include "counters/stats_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 10, GARBAGE_S = 3600, DIRECTORY_MODE = 01770 };

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
    (void)close(dir);
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

static bool is_orphan(struct stek_stats_walk *walk, uint64_t patience_s)
{
    if (walk->view.forked_at + patience_s > stek_stats_boottime())
        return false; /* a child that has not entered itself yet */
    for (size_t i = 0; i < walk->view.processes; i++)
        if (stek_stats_walk_alive(walk, i))
            return false;
    return walk->view.pid_namespace == walk->own_pid_namespace;
}

/* Adds an orphan to the total, with its last numbers: they may have grown until its end was seen.
 */
static void adopt(struct stek_stats_walk *walk, struct stek_stats_total *total)
{
    if (!stek_stats_walk_read(walk))
        return;
    for (size_t i = 0; i < STEK_COUNTERS; i++) {
        const uint64_t room = STEK_STATS_COUNT_MAX - total->count[i];
        total->count[i] += walk->view.count[i] < room ? walk->view.count[i] : room;
    }
    (void)snprintf(total->name[total->names++], STEK_STATS_NAME_LEN, "%.31s", walk->name);
}

/* Removes what is no stats file and has not changed for an hour: not one that is just being made.
 */
static void remove_garbage(const struct stek_stats_walk *walk)
{
    struct stat about;

    if (fstatat(dirfd(walk->dir), walk->name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISDIR(about.st_mode) && time(NULL) - about.st_ctime >= GARBAGE_S)
        (void)unlinkat(dirfd(walk->dir), walk->name, 0);
}

/* Collects orphans into the total. Returns whether more are waiting. */
static bool collect(struct stek_stats_walk *walk, uint64_t patience_s,
                    struct stek_stats_total *total)
{
    enum stek_stats_found found = STEK_STATS_FOUND_NONE;

    while ((found = stek_stats_walk_next(walk)) == STEK_STATS_FOUND_FILE ||
           found == STEK_STATS_FOUND_GARBAGE) {
        if (found == STEK_STATS_FOUND_GARBAGE)
            remove_garbage(walk);
        else if (!stek_stats_total_has(total, walk->name) && is_orphan(walk, patience_s)) {
            if (total->names == STEK_STATS_NAMES)
                return true;
            adopt(walk, total);
        }
    }
    return found == STEK_STATS_FOUND_TOO_MANY;
}

/* Removes the files that the total holds, and then their names from it; what cannot be removed
 * stays named. */
static bool remove_named(int run_dir, const char *ring, int dir, struct stek_stats_total *total)
{
    uint64_t kept = 0;

    for (uint64_t i = 0; i < total->names; i++) {
        if (unlinkat(dir, total->name[i], 0) == 0 || errno == ENOENT)
            continue;
        if (kept != i)
            memcpy(total->name[kept], total->name[i], STEK_STATS_NAME_LEN);
        kept++;
    }
    memset(total->name[kept], 0, (STEK_STATS_NAMES - kept) * STEK_STATS_NAME_LEN);
    total->names = kept;
    return replace_total(run_dir, ring, total);
}

enum stek_result stek_stats_fold_after(int run_dir, const char *ring, uint64_t patience_s,
                                       bool *ret_more)
{
    struct stek_stats_walk *walk = stek_stats_walk_open(run_dir, ring);
    struct stek_stats_total total;
    bool ok = true;

    if (walk == NULL)
        return STEK_ERR_SYSTEM;
    stek_stats_total_read(run_dir, ring, &total);
    if (total.names > 0) /* left by a stekd that was killed in between */
        ok = remove_named(run_dir, ring, dirfd(walk->dir), &total);
    const uint64_t before = total.names;
    const bool more = ok && collect(walk, patience_s, &total);
    if (ok && total.names > before)
        ok = replace_total(run_dir, ring, &total) &&
             remove_named(run_dir, ring, dirfd(walk->dir), &total);
    stek_stats_walk_close(walk);
    if (ok)
        *ret_more = more;
    return ok ? STEK_OK : STEK_ERR_SYSTEM;
}

enum stek_result stek_stats_fold(int run_dir, const char *ring, bool *ret_more)
{
    return stek_stats_fold_after(run_dir, ring, PATIENCE_S, ret_more);
}

void stek_stats_remove(int run_dir, const char *ring)
{
    struct stek_stats_walk *walk = stek_stats_walk_open(run_dir, ring);
    char path[STEK_STATS_PATH_LEN];
    enum stek_stats_found found = STEK_STATS_FOUND_NONE;

    while (walk != NULL && (found = stek_stats_walk_next(walk)) != STEK_STATS_FOUND_NONE) {
        if (found == STEK_STATS_FOUND_TOO_MANY)
            break;
        (void)unlinkat(dirfd(walk->dir), walk->name, 0);
    }
    stek_stats_walk_close(walk);
    if (stek_stats_path(ring, "stats", path))
        (void)unlinkat(run_dir, path, AT_REMOVEDIR);
    if (stek_stats_path(ring, "total", path))
        (void)unlinkat(run_dir, path, 0);
    if (stek_stats_path(ring, "total.new", path))
        (void)unlinkat(run_dir, path, 0);
}
