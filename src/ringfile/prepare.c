/* SPDX-License-Identifier: Apache-2.0 */
/* The first step of ready.h: everything that can be done beside what is there. */
#include "core/policy.h"
#include "ringfile/kept_file.h"
#include "ringfile/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_keeping_errno(int fd)
{
    const int error = errno;

    (void)close(fd);
    errno = error;
}

/* Decides what will be written into the image of the writer. */
static enum stek_result decide(struct stek_ready *ready, const struct stek_change_wish *wish,
                               int64_t now)
{
    enum stek_result result = stek_change_room_open(&ready->room);

    return result == STEK_OK ? stek_change_to(ready->writer->image, ready->room, wish, now)
                             : result;
}

/* ---- a new file ---- */

static enum stek_result set_readers(int fd, gid_t group)
{
    if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
        return STEK_ERR_SYSTEM;
    return fchmod(fd, STEK_KEPT_FILE_MODE) == 0 ? STEK_OK : STEK_ERR_SYSTEM;
}

static enum stek_result map(int fd, struct stek_writer *writer)
{
    void *at;
    enum stek_result result = stek_locked_map_file(fd, STEK_RINGFILE_LEN, STEK_READ_WRITE, &at);

    if (result == STEK_OK)
        writer->image = at;
    return result;
}

/* Allocates all pages now: a write to the mapping would kill stekd if the file system were full. */
static enum stek_result map_with_room(int fd, struct stek_writer *writer)
{
    int error;

    while ((error = posix_fallocate(fd, 0, STEK_RINGFILE_LEN)) == EINTR) {
    }
    if (error == 0)
        return map(fd, writer);
    errno = error;
    return error == ENOSPC ? STEK_ERR_MEMORY : STEK_ERR_SYSTEM;
}

/* Fills a new file under the hidden name: nobody maps it yet. */
static enum stek_result fill(int fd, struct stek_ready *ready, const struct stek_change_wish *wish,
                             int64_t now)
{
    enum stek_result result = set_readers(fd, ready->group);

    if (result == STEK_OK)
        result = map_with_room(fd, ready->writer);
    if (result != STEK_OK)
        return result;
    stek_image_init(ready->writer->image, wish->policy, wish->source);
    result = decide(ready, wish, now);
    if (result == STEK_OK)
        stek_change_write(ready->writer->image, ready->room);
    stek_change_room_close(ready->room);
    ready->room = NULL;
    return result;
}

static enum stek_result make_file(struct stek_ready *ready, const struct stek_change_wish *wish,
                                  int64_t now)
{
    const struct stek_kept_name filling = stek_kept_filling_name(ready->writer);

    (void)stek_kept_unlink(ready->writer, filling); /* of a writer that died here */
    const int fd = openat(ready->writer->dir_fd, filling.text,
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return STEK_ERR_SYSTEM;
    enum stek_result result = fill(fd, ready, wish, now);
    close_keeping_errno(fd);
    return result;
}

/* ---- a file that is there ---- */

/* Returns what makes the open file unusable, or NULL with *ret_result set. */
static const char *take_over(int fd, struct stek_ready *ready, const struct stek_change_wish *wish,
                             int64_t now, enum stek_result *ret_result)
{
    const char *problem = stek_ringfile_file_problem(ready->writer->dir_fd, fd);
    struct stat file;

    if (problem != NULL)
        return problem;
    if (fstat(fd, &file) != 0) {
        *ret_result = STEK_ERR_SYSTEM;
        return NULL;
    }
    if (file.st_uid != geteuid())
        return "it belongs to another user than stekd's";
    ready->old_group = file.st_gid;
    ready->old_mode = file.st_mode & 07777;
    ready->new_readers = ready->old_mode != STEK_KEPT_FILE_MODE ||
                         (ready->group != (gid_t)-1 && ready->group != ready->old_group);
    *ret_result = map(fd, ready->writer);
    if (*ret_result != STEK_OK)
        return NULL;
    problem = stek_image_problem(ready->writer->image);
    if (problem == NULL)
        *ret_result = decide(ready, wish, now);
    return problem;
}

/* Takes the file over or makes another one. */
static enum stek_result prepare_file(struct stek_ready *ready, const struct stek_change_wish *wish,
                                     int64_t now)
{
    const struct stek_kept_name name = stek_kept_own_name(ready->writer);
    enum stek_result result = STEK_OK;

    const int fd = openat(ready->writer->dir_fd, name.text,
                          O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        ready->start = STEK_WRITER_NEW;
        return make_file(ready, wish, now);
    }
    if (fd < 0 && stek_ringfile_open_error_passes(errno))
        return STEK_ERR_SYSTEM;
    const bool is_dir = fd < 0 && errno == EISDIR;
    const char *problem =
        fd < 0 ? stek_ringfile_open_problem(errno) : take_over(fd, ready, wish, now, &result);
    if (fd >= 0)
        close_keeping_errno(fd);
    if (problem != NULL && stek_ringfile_problem_passes(problem))
        return STEK_ERR_SYSTEM;
    ready->problem = is_dir ? "there is a directory in its place" : problem;
    if (problem == NULL || is_dir)
        return is_dir ? STEK_ERR_FILE : result;
    stek_kept_unmap(ready->writer);
    ready->start = STEK_WRITER_REPLACED;
    return make_file(ready, wish, now);
}

/* ---- the steps ---- */

static enum stek_result check_place(const struct stek_writer_place *place,
                                    const struct stek_policy *policy, bool *ret_on_disk,
                                    const char **ret_problem)
{
    if (!stek_ring_name_is_valid(place->ring))
        return STEK_ERR_ARGUMENT;
    if (stek_policy_problem(policy) != NULL)
        return STEK_ERR_POLICY;
    const char *problem = stek_ringfile_dir_problem(place->dir_fd, ret_on_disk);
    if (problem == NULL && *ret_on_disk && !place->allow_disk)
        problem = "its directory is on a disk file system: keys belong on tmpfs";
    if (problem == NULL)
        return STEK_OK;
    if (stek_ringfile_problem_passes(problem))
        return STEK_ERR_SYSTEM;
    *ret_problem = problem;
    return STEK_ERR_FILE;
}

static struct stek_ready *ready_new(struct stek_writer *writer)
{
    struct stek_ready *ready = calloc(1, sizeof *ready);

    if (ready != NULL)
        *ready = (struct stek_ready){.writer = writer, .group = (gid_t)-1};
    return ready;
}

static struct stek_ready *ready_for(const struct stek_writer_place *place)
{
    struct stek_writer *writer = calloc(1, sizeof *writer);
    struct stek_ready *ready = writer != NULL ? ready_new(writer) : NULL;

    if (ready == NULL) {
        free(writer);
        return NULL;
    }
    writer->dir_fd = place->dir_fd;
    (void)snprintf(writer->ring, sizeof writer->ring, "%s", place->ring);
    ready->group = place->group;
    ready->start = STEK_WRITER_TOOK_OVER; /* until it is known that a new file is needed */
    return ready;
}

enum stek_result stek_ready_open(const struct stek_writer_place *place,
                                 const struct stek_policy *policy, int64_t now,
                                 const char **ret_problem, struct stek_ready **ret_ready)
{
    const struct stek_policy full = stek_policy_resolve(policy);
    struct stek_change_wish wish = {
        .policy = &full, .source = place->source != 0 ? place->source : STEK_SOURCE_HOST};

    enum stek_result result = check_place(place, policy, &wish.on_disk, ret_problem);
    if (result != STEK_OK)
        return result;
    struct stek_ready *ready = ready_for(place);
    if (ready == NULL)
        return STEK_ERR_MEMORY;
    result = prepare_file(ready, &wish, now);
    if (result == STEK_OK) {
        *ret_ready = ready;
        return STEK_OK;
    }
    if (result == STEK_ERR_FILE)
        *ret_problem = ready->problem;
    const int error = errno;
    (void)stek_ready_give_up(ready);
    errno = error;
    return result;
}

enum stek_result stek_ready_change(struct stek_writer *writer, const struct stek_policy *policy,
                                   int64_t now, struct stek_ready **ret_ready)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const struct stek_policy full = stek_policy_resolve(policy);
    struct stek_change_wish wish = {.policy = &full};
    uint64_t generation;

    if (stek_policy_problem(policy) != NULL)
        return STEK_ERR_POLICY;
    enum stek_result result = stek_image_read(writer->image, &state, &generation);
    if (result != STEK_OK)
        return result;
    wish.source = (enum stek_source)state.source;
    wish.on_disk = (state.flags & STEK_RING_ON_DISK) != 0;
    struct stek_ready *ready = ready_new(writer);
    if (ready == NULL)
        return STEK_ERR_MEMORY;
    ready->borrowed = true;
    ready->start = STEK_WRITER_TOOK_OVER;
    result = decide(ready, &wish, now);
    if (result == STEK_OK) {
        *ret_ready = ready;
        return STEK_OK;
    }
    const int error = errno;
    (void)stek_ready_give_up(ready);
    errno = error;
    return result;
}
