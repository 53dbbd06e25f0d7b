/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/find.h"

#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "ringfile/destroy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a writer that died left holds keys, and nobody uses it. */
static void destroy_leftover(int dir_fd, const char *file)
{
    const char *problem = NULL;

    errno = 0;
    enum stek_result result = stek_ringfile_destroy_leftover(dir_fd, file, &problem);
    if (result == STEK_OK)
        stek_log(STEK_LOG_NOTICE, "%s: left by an earlier change: wiped and removed", file);
    else if (result != STEK_ERR_FILE) /* else it is not stekd's */
        stek_log(STEK_LOG_WARNING, "%s: cannot be removed: %s", file,
                 stek_failure_of(result, errno).text);
}

/* When the last of its keys ends; 0: it has none, or is no sound ring. */
static int64_t last_accept(int dir_fd, const char *ring)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const char *problem = NULL;
    int64_t last = 0;

    if (stek_ringfile_read(dir_fd, ring, &state, &problem) != STEK_OK)
        return 0;
    for (size_t i = 0; i < state.records.count; i++)
        if (state.records.at[i].accept_until > last)
            last = state.records.at[i].accept_until;
    return last;
}

/* Whether an entry is a ring that the configuration does not name. */
static bool is_orphan(const struct dirent *entry, const struct stek_config *config,
                      char ret_name[STEK_RING_NAME_MAX + 1])
{
    return stek_ringfile_ring_of(entry->d_name, ret_name) &&
           stek_config_find(config, ret_name) == NULL;
}

static int compare_names(const void *left, const void *right)
{
    const struct stek_orphan *a = left;
    const struct stek_orphan *b = right;

    return strcmp(a->name, b->name);
}

static size_t read_entries(DIR *dir, int dir_fd, const struct stek_config *config, int64_t now,
                           struct stek_orphan *found)
{
    size_t count = 0;

    for (int i = 0; i < STEK_ORPHAN_ENTRIES_MAX && count < STEK_ORPHANS_MAX; i++) {
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (stek_ringfile_is_leftover(entry->d_name))
            destroy_leftover(dir_fd, entry->d_name);
        else if (is_orphan(entry, config, found[count].name)) {
            struct stek_orphan *orphan = &found[count++];
            orphan->ino = entry->d_ino;
            orphan->since = now;
            orphan->problem = stek_ringfile_owner_problem(dir_fd, entry->d_name);
            if (orphan->problem == NULL)
                orphan->last_accept = last_accept(dir_fd, orphan->name);
        }
    }
    return count;
}

/* A descriptor of its own: reading moves its place. */
static DIR *open_dir(int dir_fd)
{
    const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL && fd >= 0)
        (void)close(fd);
    return dir;
}

bool stek_orphans_list(int dir_fd, const struct stek_config *config, int64_t now,
                       struct stek_orphan **ret_found, size_t *ret_count)
{
    struct stek_orphan *found = calloc(STEK_ORPHANS_MAX, sizeof *found);
    DIR *dir = found != NULL ? open_dir(dir_fd) : NULL;

    if (dir == NULL) {
        free(found);
        return false;
    }
    *ret_count = read_entries(dir, dir_fd, config, now, found);
    (void)closedir(dir);
    qsort(found, *ret_count, sizeof *found, compare_names);
    *ret_found = found;
    return true;
}

int64_t stek_run_dir_latest_change(int dir_fd, bool *ret_since_boot)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    char name[STEK_RING_NAME_MAX + 1];
    const char *problem = NULL;
    bool on_disk = true;
    int64_t latest = 0;
    DIR *dir = open_dir(dir_fd);

    if (dir == NULL)
        return 0;
    for (int i = 0; i < STEK_ORPHAN_ENTRIES_MAX; i++) {
        const struct dirent *entry = readdir(dir);
        if (entry == NULL)
            break;
        if (stek_ringfile_ring_of(entry->d_name, name) &&
            stek_ringfile_read(dir_fd, name, &state, &problem) == STEK_OK &&
            state.changed_at > latest)
            latest = state.changed_at;
    }
    (void)closedir(dir);
    *ret_since_boot = stek_ringfile_dir_problem(dir_fd, &on_disk) == NULL && !on_disk;
    return latest;
}
