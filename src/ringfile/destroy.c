/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/destroy.h"

#include "ringfile/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char not_examined[] = "it cannot be examined";

static const char *stat_problem(const struct stat *file)
{
    if (S_ISLNK(file->st_mode))
        return "it is a symbolic link: remove it by hand";
    if (!S_ISREG(file->st_mode))
        return "it is not a regular file: remove it by hand";
    if (file->st_uid != geteuid())
        return "it belongs to another user than stekd's: remove it by hand";
    return NULL;
}

const char *stek_ringfile_owner_problem(int dir_fd, const char *file)
{
    struct stat status;

    if (fstatat(dir_fd, file, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return not_examined;
    return stat_problem(&status);
}

/* Opens what is stekd's own. Another thing is not opened: that alone can have effects. */
static int open_own(int dir_fd, const char *file, const char **ret_problem)
{
    const char *problem = stek_ringfile_owner_problem(dir_fd, file);
    struct stat status;

    if (problem != NULL) {
        *ret_problem = problem;
        return -1;
    }
    const int fd = openat(dir_fd, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        *ret_problem = stek_ringfile_open_problem(errno);
    else if (fstat(fd, &status) != 0 || stat_problem(&status) != NULL) {
        *ret_problem = not_examined;
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Takes the records out of a sound ring, by its protocol: readers see that it has none. */
static bool empty_ring(struct stek_image *image)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;

    if (stek_image_problem(image) != NULL || stek_image_read(image, &state, &generation) != STEK_OK)
        return false;
    stek_image_scrub(image);
    stek_records_remove(&state.records, 0, state.records.count);
    stek_image_write(image, &state);
    return true;
}

/* At most the length of a ring: what is longer never was one, and may be a hole without an end. */
static enum stek_result overwrite(int fd)
{
    static const uint8_t zeros[STEK_RINGFILE_LEN];
    struct stat status;

    if (fstat(fd, &status) != 0)
        return STEK_ERR_SYSTEM;
    const size_t len = status.st_size < STEK_RINGFILE_LEN ? (size_t)status.st_size : sizeof zeros;
    for (size_t done = 0; done < len;) {
        const ssize_t put = pwrite(fd, zeros, len - done, (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return STEK_ERR_SYSTEM;
        done += (size_t)put;
    }
    return STEK_OK;
}

static enum stek_result empty_file(int dir_fd, int fd)
{
    void *at;

    if (stek_ringfile_file_problem(dir_fd, fd) != NULL)
        return overwrite(fd);
    enum stek_result result = stek_locked_map_file(fd, STEK_RINGFILE_LEN, STEK_READ_WRITE, &at);
    if (result != STEK_OK)
        return result;
    const bool emptied = empty_ring(at);
    stek_locked_unmap(at, STEK_RINGFILE_LEN);
    return emptied ? STEK_OK : overwrite(fd);
}

/* Closes, and removes what was emptied. */
static enum stek_result finish(int dir_fd, const char *file, int fd, enum stek_result result)
{
    const int error = errno;

    (void)close(fd);
    errno = error;
    if (result == STEK_OK && unlinkat(dir_fd, file, 0) != 0)
        return STEK_ERR_SYSTEM;
    return result;
}

enum stek_result stek_ringfile_destroy(int dir_fd, const char *ring, const char **ret_problem)
{
    char file[STEK_RINGFILE_NAME_LEN];

    stek_ringfile_name(ring, file);
    const int fd = open_own(dir_fd, file, ret_problem);
    return fd < 0 ? STEK_ERR_FILE : finish(dir_fd, file, fd, empty_file(dir_fd, fd));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text);
    const size_t end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

bool stek_ringfile_is_leftover(const char *file)
{
    return file[0] == '.' && (ends_with(file + 1, ".new") || ends_with(file + 1, ".old"));
}

enum stek_result stek_ringfile_destroy_leftover(int dir_fd, const char *file,
                                                const char **ret_problem)
{
    const int fd = open_own(dir_fd, file, ret_problem);

    return fd < 0 ? STEK_ERR_FILE : finish(dir_fd, file, fd, overwrite(fd));
}
