/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/ringfile.h"

#include "ringfile/locked.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static_assert(sizeof(struct stek_image) <= STEK_RINGFILE_LEN, "the image fits");

static const char suffix[] = ".ring";
static const char not_examined[] = "it cannot be examined";
static const char dir_not_examined[] = "its directory cannot be examined";
static const char not_read[] = "it cannot be read";
static const char on_a_disk[] = "it is on a disk file system: keys belong on tmpfs";

void stek_ringfile_name(const char *ring, char ret_name[STEK_RINGFILE_NAME_LEN])
{
    (void)snprintf(ret_name, STEK_RINGFILE_NAME_LEN, "%s%s", ring, suffix);
}

bool stek_ringfile_ring_of(const char *file, char ret_ring[STEK_RING_NAME_MAX + 1])
{
    const size_t len = strlen(file);
    const size_t suffix_len = sizeof suffix - 1;

    if (len <= suffix_len || len > STEK_RING_NAME_MAX + suffix_len ||
        strcmp(file + len - suffix_len, suffix) != 0)
        return false;
    memcpy(ret_ring, file, len - suffix_len);
    ret_ring[len - suffix_len] = '\0';
    return stek_ring_name_is_valid(ret_ring);
}

static int open_dir(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Splits an absolute or relative path into its directory, which it opens, and the ring's name. */
static const char *find_path(const char *path, struct stek_ringfile_place *place)
{
    const char *file = strrchr(path, '/') + 1;
    const size_t dir_len = (size_t)(file - path);
    char dir[PATH_MAX];

    if (dir_len >= sizeof dir)
        return "its path is too long";
    if (!stek_ringfile_ring_of(file, place->ring))
        return "its file name is not RING.ring, where RING is " STEK_RING_NAME_RULE;
    memcpy(dir, path, dir_len);
    dir[dir_len] = '\0';
    place->dir_fd = open_dir(dir);
    return NULL;
}

enum stek_result stek_ringfile_find(const char *path, struct stek_ringfile_place *ret_place,
                                    const char **ret_problem)
{
    struct stek_ringfile_place place = {.dir_fd = -1};
    const char *problem = NULL;

    if (strchr(path, '/') != NULL) {
        problem = find_path(path, &place);
    } else if (stek_ring_name_is_valid(path)) {
        (void)snprintf(place.ring, sizeof place.ring, "%s", path);
        place.dir_fd = open_dir(STEK_RUN_DIR);
    } else {
        problem = "it is neither a path nor a valid ring name (" STEK_RING_NAME_RULE ")";
    }
    if (problem == NULL && place.dir_fd < 0)
        problem = errno == EACCES ? "this user may not enter its directory"
                                  : "its directory does not exist";
    if (problem != NULL) {
        *ret_problem = problem;
        return STEK_ERR_FILE;
    }
    *ret_place = place;
    return STEK_OK;
}

const char *stek_ringfile_dir_problem(int dir_fd, bool *ret_on_disk)
{
    struct statfs fs;
    struct stat dir;

    if (fstat(dir_fd, &dir) != 0 || fstatfs(dir_fd, &fs) != 0)
        return dir_not_examined;
    if ((dir.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "its directory is writable by group or others";
    const uint32_t type = (uint32_t)fs.f_type; /* its own type has another sign on 32 bits */
    *ret_on_disk = type != TMPFS_MAGIC && type != RAMFS_MAGIC;
    return NULL;
}

static const char *stat_problem(const struct stat *dir, const struct stat *file)
{
    if (!S_ISREG(file->st_mode))
        return "it is not a regular file";
    if (file->st_uid != 0 && file->st_uid != dir->st_uid)
        return "its owner is neither root nor the owner of its directory";
    if ((file->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "it is writable by its group or others";
    return NULL;
}

const char *stek_ringfile_file_problem(int dir_fd, int fd)
{
    struct stat dir;
    struct stat file;
    uint8_t head[STEK_IMAGE_HEAD_LEN];

    if (fstat(dir_fd, &dir) != 0 || fstat(fd, &file) != 0)
        return not_examined;
    const char *problem = stat_problem(&dir, &file);
    if (problem == NULL && file.st_size < STEK_IMAGE_HEAD_LEN)
        problem = "it is too short for a ring file";
    if (problem == NULL && pread(fd, head, sizeof head, 0) != sizeof head)
        problem = not_read;
    if (problem == NULL)
        problem = stek_image_head_problem(head);
    if (problem == NULL && file.st_size != STEK_RINGFILE_LEN)
        problem = "its size is not that of a ring file: it was truncated or extended";
    return problem;
}

const char *stek_ringfile_open_problem(int error)
{
    switch (error) {
    case ENOENT:
        return "it does not exist: is stekd running, and does it have a ring of this name?";
    case ELOOP:
        return "it is a symbolic link";
    case EACCES:
        return "this user may not read it: is it in the ring's group?";
    case EMFILE:
        return "it cannot be opened: EMFILE (this process has too many files open)";
    case ENFILE:
        return "it cannot be opened: ENFILE (the system has too many files open)";
    case ENOMEM:
        return "it cannot be opened: ENOMEM (no memory)";
    case EIO:
        return "it cannot be opened: EIO (input or output failed)";
    case EINTR:
        return "it cannot be opened: EINTR (interrupted)";
    case ENXIO:
    case ENODEV:
        return "it is a socket or a device";
    default:
        return "it cannot be opened";
    }
}

bool stek_ringfile_problem_passes(const char *problem)
{
    return problem == not_examined || problem == dir_not_examined || problem == not_read;
}

bool stek_ringfile_open_error_passes(int error)
{
    switch (error) {
    case ELOOP:  /* a symbolic link */
    case EISDIR: /* a directory */
    case ENXIO:  /* a socket, or a device without a driver */
    case ENODEV:
    case EACCES: /* another user's file */
    case EPERM:
        return false;
    default:
        return true;
    }
}

static int open_file(int dir_fd, const char *ring)
{
    char name[STEK_RINGFILE_NAME_LEN];

    stek_ringfile_name(ring, name);
    /* O_NONBLOCK: a FIFO in its place must not stop us. */
    return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* What the image says of itself: is it sound, and may it be on a disk? */
static const char *image_problem(const struct stek_image *image, bool on_disk)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;

    if (on_disk && (stek_image_read(image, &state, &generation) != STEK_OK ||
                    (state.flags & STEK_RING_ON_DISK) == 0))
        return on_a_disk;
    return stek_image_problem(image);
}

static enum stek_result refuse(const char *problem, const char **ret_problem)
{
    *ret_problem = problem;
    return STEK_ERR_FILE;
}

static enum stek_result map_open(int dir_fd, int fd, struct stek_ringfile *ret_file,
                                 const char **ret_problem)
{
    struct stat stat;
    bool on_disk = false;
    void *at;
    const char *problem = stek_ringfile_dir_problem(dir_fd, &on_disk);

    if (problem == NULL)
        problem = stek_ringfile_file_problem(dir_fd, fd);
    if (problem == NULL && fstat(fd, &stat) != 0)
        problem = "it cannot be examined";
    if (problem != NULL)
        return refuse(problem, ret_problem);
    enum stek_result result = stek_locked_map_file(fd, STEK_RINGFILE_LEN, STEK_READ_ONLY, &at);
    if (result != STEK_OK)
        return result;
    problem = image_problem(at, on_disk);
    if (problem != NULL) {
        stek_locked_unmap(at, STEK_RINGFILE_LEN);
        return refuse(problem, ret_problem);
    }
    *ret_file = (struct stek_ringfile){at, stat.st_dev, stat.st_ino};
    return STEK_OK;
}

enum stek_result stek_ringfile_map(int dir_fd, const char *ring, struct stek_ringfile *ret_file,
                                   const char **ret_problem)
{
    const int fd = open_file(dir_fd, ring);

    if (fd < 0)
        return refuse(stek_ringfile_open_problem(errno), ret_problem);
    enum stek_result result = map_open(dir_fd, fd, ret_file, ret_problem);
    (void)close(fd);
    return result;
}

bool stek_ringfile_is_at(const struct stek_ringfile *file, const struct stek_ringfile_place *place)
{
    char name[STEK_RINGFILE_NAME_LEN];
    struct stat there;

    stek_ringfile_name(place->ring, name);
    return fstatat(place->dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           there.st_dev == file->dev && there.st_ino == file->ino;
}

void stek_ringfile_unmap(const struct stek_ringfile *file)
{
    stek_locked_unmap((void *)(uintptr_t)file->image, STEK_RINGFILE_LEN);
}

enum stek_result stek_ringfile_read(int dir_fd, const char *ring, struct stek_ring_state *ret_state,
                                    const char **ret_problem)
{
    struct stek_ringfile file;
    uint64_t generation;
    enum stek_result result = stek_ringfile_map(dir_fd, ring, &file, ret_problem);

    if (result != STEK_OK)
        return result;
    if (stek_image_read(file.image, ret_state, &generation) != STEK_OK)
        result = refuse("it changed and is no longer a valid ring", ret_problem);
    stek_ringfile_unmap(&file);
    return result;
}
