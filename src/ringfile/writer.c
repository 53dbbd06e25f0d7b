/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/writer.h"

#include "core/policy.h"
#include "core/reschedule.h"
#include "ringfile/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct stek_writer {
    struct stek_image *image;
    int dir_fd;
    char ring[STEK_RING_NAME_MAX + 1];
};

enum { MODE = 0640 };

/* The name under which a new file is filled. No ring has a name that begins with a dot. */
static void name_for_filling(const char *ring, char ret_name[STEK_RINGFILE_NAME_LEN])
{
    (void)snprintf(ret_name, STEK_RINGFILE_NAME_LEN, ".%s.new", ring);
}

static void unmap_keeping_errno(struct stek_image *image)
{
    const int error = errno;

    stek_locked_unmap(image, STEK_RINGFILE_LEN);
    errno = error;
}

static void close_keeping_errno(int fd)
{
    const int error = errno;

    (void)close(fd);
    errno = error;
}

static enum stek_result set_readers(int fd, gid_t group)
{
    if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
        return STEK_ERR_SYSTEM;
    return fchmod(fd, MODE) == 0 ? STEK_OK : STEK_ERR_SYSTEM;
}

/* What the place asks of a ring besides its records. */
struct start {
    const struct stek_policy *policy;
    enum stek_source source;
    bool on_disk;
};

/*
 * Continues the ring as its readers did while stekd was away, by the ring's own policy. Out of
 * reach: nothing to do.
 */
static enum stek_result settle(struct stek_ring_state *state, int64_t now)
{
    const struct stek_policy policy = stek_ring_state_policy(state);
    enum stek_result result = stek_records_settle(&state->records, &policy, now);

    return result == STEK_ERR_BUSY ? STEK_OK : result;
}

static enum stek_result adapt(struct stek_ring_state *state, int64_t now,
                              const struct stek_fresh *fresh, void *arg)
{
    const struct start *start = arg;
    const struct stek_policy old = stek_ring_state_policy(state);
    enum stek_result result = STEK_OK;

    if (state->source != (uint64_t)start->source) {
        stek_records_remove(&state->records, 0, state->records.count);
        state->source = start->source;
        state->flags = 0;
    }
    if (state->records.count > 0 && start->source == STEK_SOURCE_HOST)
        result = stek_records_change_policy(&state->records, &old, start->policy, now, fresh);
    else if (state->records.count > 0)
        result = settle(state, now);
    stek_ring_state_set_policy(state, start->policy);
    state->flags = (state->flags & STEK_RING_LOCAL) | (start->on_disk ? STEK_RING_ON_DISK : 0);
    return result;
}

enum stek_result stek_change_policy(struct stek_ring_state *state, int64_t now,
                                    const struct stek_fresh *fresh, void *arg)
{
    enum stek_result result = settle(state, now);

    (void)fresh;
    stek_ring_state_set_policy(state, arg);
    return result;
}

static enum stek_result open_room(struct stek_change_room **ret_room)
{
    void *at;
    enum stek_result result =
        stek_locked_map(sizeof(struct stek_change_room), STEK_WIPED_ON_FORK, &at);

    if (result == STEK_OK)
        *ret_room = at;
    return result;
}

static void close_room(struct stek_change_room *room)
{
    stek_locked_unmap(room, sizeof *room);
}

static enum stek_result fill(struct stek_image *image, struct start *start, int64_t now)
{
    struct stek_change_room *room;
    enum stek_result result = open_room(&room);

    if (result != STEK_OK)
        return result;
    result = stek_image_change(image, room, adapt, start, now);
    if (result == STEK_OK && start->source == STEK_SOURCE_HOST)
        result = stek_image_update(image, room, now);
    close_room(room);
    return result;
}

/* Allocates all pages now: a write to the mapping would kill stekd if the file system were full. */
static enum stek_result map_with_room(int fd, struct stek_image **ret_image)
{
    void *at;

    int error;

    while ((error = posix_fallocate(fd, 0, STEK_RINGFILE_LEN)) == EINTR) {
    }
    if (error != 0) {
        errno = error;
        return error == ENOSPC ? STEK_ERR_MEMORY : STEK_ERR_SYSTEM;
    }
    enum stek_result result = stek_locked_map_file(fd, STEK_RINGFILE_LEN, STEK_READ_WRITE, &at);
    if (result == STEK_OK)
        *ret_image = at;
    return result;
}

static enum stek_result make_in(int fd, const struct stek_writer_place *place, struct start *start,
                                int64_t now, struct stek_image **ret_image)
{
    struct stek_image *image;
    enum stek_result result = set_readers(fd, place->group);

    if (result == STEK_OK)
        result = map_with_room(fd, &image);
    if (result != STEK_OK)
        return result;
    stek_image_init(image, start->policy, start->source);
    result = fill(image, start, now);
    if (result == STEK_OK)
        *ret_image = image;
    else
        unmap_keeping_errno(image);
    return result;
}

/* Makes the file whole under another name, then gives it its own. */
static enum stek_result make_file(const struct stek_writer_place *place, struct start *start,
                                  int64_t now, struct stek_image **ret_image)
{
    char filling[STEK_RINGFILE_NAME_LEN];
    char name[STEK_RINGFILE_NAME_LEN];

    name_for_filling(place->ring, filling);
    stek_ringfile_name(place->ring, name);
    (void)unlinkat(place->dir_fd, filling, 0); /* of a writer that died here */
    const int fd =
        openat(place->dir_fd, filling, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return STEK_ERR_SYSTEM;
    enum stek_result result = make_in(fd, place, start, now, ret_image);
    close_keeping_errno(fd);
    if (result == STEK_OK && renameat(place->dir_fd, filling, place->dir_fd, name) != 0) {
        unmap_keeping_errno(*ret_image);
        result = STEK_ERR_SYSTEM;
    }
    const int error = errno;
    if (result != STEK_OK)
        (void)unlinkat(place->dir_fd, filling, 0);
    errno = error;
    return result;
}

/* Takes over the image of an earlier writer, which may have died at any point. */
static const char *take_over_image(struct stek_image *image, struct start *start, int64_t now,
                                   enum stek_result *ret_result)
{
    const char *problem = stek_image_problem(image);

    if (problem != NULL)
        return problem;
    /* A writer that died while it filled the side that does not hold left no trace but that: so
     * scrub in any case. */
    stek_image_scrub(image);
    *ret_result = fill(image, start, now);
    return NULL;
}

/* Returns what makes the open file unusable, or NULL with *ret_result set. */
static const char *take_over(int fd, const struct stek_writer_place *place, struct start *start,
                             int64_t now, enum stek_result *ret_result,
                             struct stek_image **ret_image)
{
    const char *problem = stek_ringfile_file_problem(place->dir_fd, fd);
    struct stat file;
    void *at;

    if (problem != NULL)
        return problem;
    if (fstat(fd, &file) != 0) {
        *ret_result = STEK_ERR_SYSTEM;
        return NULL;
    }
    if (file.st_uid != geteuid())
        return "it belongs to another user than stekd's";
    *ret_result = set_readers(fd, place->group);
    if (*ret_result == STEK_OK)
        *ret_result = stek_locked_map_file(fd, STEK_RINGFILE_LEN, STEK_READ_WRITE, &at);
    if (*ret_result != STEK_OK)
        return NULL;
    problem = take_over_image(at, start, now, ret_result);
    if (problem != NULL || *ret_result != STEK_OK)
        unmap_keeping_errno(at);
    else
        *ret_image = at;
    return problem;
}

/* Whichever is possible. *ret_problem is set if the old file had to be removed. */
static enum stek_result take_over_or_make(const struct stek_writer_place *place,
                                          struct start *start, int64_t now,
                                          enum stek_writer_start *ret_start,
                                          const char **ret_problem, struct stek_image **ret_image)
{
    char name[STEK_RINGFILE_NAME_LEN];
    enum stek_result result = STEK_OK;

    stek_ringfile_name(place->ring, name);
    const int fd =
        openat(place->dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *ret_start = fd < 0 && errno == ENOENT ? STEK_WRITER_NEW : STEK_WRITER_REPLACED;
    if (*ret_start == STEK_WRITER_NEW)
        return make_file(place, start, now, ret_image);
    if (fd < 0 && stek_ringfile_open_error_passes(errno))
        return STEK_ERR_SYSTEM;
    const char *problem = fd < 0 ? stek_ringfile_open_problem(errno)
                                 : take_over(fd, place, start, now, &result, ret_image);
    if (fd >= 0)
        close_keeping_errno(fd);
    if (problem != NULL && stek_ringfile_problem_passes(problem))
        return STEK_ERR_SYSTEM;
    if (problem == NULL) {
        *ret_start = STEK_WRITER_TOOK_OVER;
        return result;
    }
    *ret_problem = problem;
    if (unlinkat(place->dir_fd, name, 0) != 0)
        return STEK_ERR_FILE;
    return make_file(place, start, now, ret_image);
}

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

enum stek_result stek_writer_open(const struct stek_writer_place *place,
                                  const struct stek_policy *policy, int64_t now,
                                  enum stek_writer_start *ret_start, const char **ret_problem,
                                  struct stek_writer **ret_writer)
{
    const struct stek_policy full = stek_policy_resolve(policy);
    struct start start = {.policy = &full,
                          .source = place->source != 0 ? place->source : STEK_SOURCE_HOST};
    enum stek_writer_start how;

    enum stek_result result = check_place(place, policy, &start.on_disk, ret_problem);
    if (result != STEK_OK)
        return result;
    struct stek_writer *writer = malloc(sizeof *writer);
    if (writer == NULL)
        return STEK_ERR_MEMORY;
    *writer = (struct stek_writer){.dir_fd = place->dir_fd};
    (void)snprintf(writer->ring, sizeof writer->ring, "%s", place->ring);
    result = take_over_or_make(place, &start, now, &how, ret_problem, &writer->image);
    if (result != STEK_OK) {
        const int error = errno;
        free(writer);
        errno = error;
        return result;
    }
    *ret_start = how;
    *ret_writer = writer;
    return STEK_OK;
}

void stek_writer_close(struct stek_writer *writer)
{
    if (writer == NULL)
        return;
    stek_locked_unmap(writer->image, STEK_RINGFILE_LEN);
    free(writer);
}

static enum stek_result drop_all(struct stek_ring_state *state, int64_t now,
                                 const struct stek_fresh *fresh, void *arg)
{
    (void)now, (void)fresh, (void)arg;
    stek_records_remove(&state->records, 0, state->records.count);
    return STEK_OK;
}

enum stek_result stek_writer_remove(struct stek_writer *writer)
{
    char name[STEK_RINGFILE_NAME_LEN];
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    stek_ringfile_name(writer->ring, name);
    enum stek_result result = stek_writer_state(writer, &state);
    if (result == STEK_OK)
        result = stek_writer_change(writer, drop_all, NULL, state.changed_at);
    if (unlinkat(writer->dir_fd, name, 0) != 0)
        result = STEK_ERR_SYSTEM;
    stek_writer_close(writer);
    return result;
}

enum stek_result stek_writer_update(struct stek_writer *writer, int64_t now)
{
    struct stek_change_room *room;
    enum stek_result result = open_room(&room);

    if (result != STEK_OK)
        return result;
    result = stek_image_update(writer->image, room, now);
    close_room(room);
    return result;
}

int64_t stek_writer_due(const struct stek_writer *writer, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_view view;

    if (stek_writer_state(writer, &state) != STEK_OK)
        return INT64_MAX;
    const struct stek_policy policy = stek_ring_state_policy(&state);
    if (stek_records_due(&state.records, &policy, now))
        return INT64_MIN;
    stek_records_view(&state.records, now, &view);
    return view.valid_until;
}

enum stek_result stek_writer_change(struct stek_writer *writer, stek_change_fn change, void *arg,
                                    int64_t now)
{
    struct stek_change_room *room;
    enum stek_result result = open_room(&room);

    if (result != STEK_OK)
        return result;
    result = stek_image_change(writer->image, room, change, arg, now);
    close_room(room);
    return result;
}

enum stek_result stek_writer_state(const struct stek_writer *writer,
                                   struct stek_ring_state *ret_state)
{
    uint64_t generation;

    return stek_image_read(writer->image, ret_state, &generation);
}
