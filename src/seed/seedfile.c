/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/seedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
    char bytes[STEK_SEED_TEXT_MAX];
};

static void text_wipe(struct text *text)
{
    stek_wipe(text, sizeof *text);
}

/* Which users may have written the file, and which may read it. */
static const char *file_problem(const struct stat *file)
{
    if (!S_ISREG(file->st_mode))
        return "it is not a regular file";
    if (file->st_uid != 0 && file->st_uid != geteuid())
        return "it belongs to another user";
    if ((file->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "other users than its owner may access it: chmod 600";
    if (file->st_size >= STEK_SEED_TEXT_MAX)
        return "it is too large for a seed";
    return NULL;
}

static const char *read_open(int fd, struct text *text, size_t *ret_len)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return "it cannot be examined";
    const char *problem = file_problem(&file);
    if (problem != NULL)
        return problem;
    const ssize_t got = pread(fd, text->bytes, sizeof text->bytes, 0);
    if (got < 0)
        return "it cannot be read";
    *ret_len = (size_t)got;
    return NULL;
}

const char *stek_seedfile_read(const char *path, struct stek_seed *ret_seed)
{
    STEK_SECRET(text) struct text text;
    size_t len = 0;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ELOOP ? "it is a symbolic link" : "it cannot be opened";
    const char *problem = read_open(fd, &text, &len);
    (void)close(fd);
    return problem != NULL ? problem : stek_seed_parse(text.bytes, len, ret_seed);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        const ssize_t put = pwrite(fd, bytes + done, len - done, (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* Makes the new file beside the old one; it is whole on the disk when this returns true. */
static bool write_new(const char *path, const struct text *text, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    const bool whole = write_all(fd, text->bytes, len) && fsync(fd) == 0;
    const int error = errno;
    if (close(fd) == 0 && whole)
        return true;
    (void)unlink(path);
    errno = error;
    return false;
}

/* The folder's entry is on the disk, too. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *end = strrchr(path, '/');
    const size_t len = end == NULL ? 0 : (size_t)(end - path);

    memcpy(folder, len > 0 ? path : (end == NULL ? "." : "/"), len > 0 ? len : 1);
    folder[len > 0 ? len : 1] = '\0';
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

/*
 * Overwrites what the old file held. It has no name any more, so no process reads it; a crash
 * leaves it to the file system.
 */
static void destroy_old(int fd)
{
    static const char zeros[STEK_SEED_TEXT_MAX];

    if (fd < 0)
        return;
    (void)write_all(fd, zeros, sizeof zeros);
    (void)fsync(fd);
    (void)close(fd);
}

const char *stek_seedfile_replace(const char *path, const struct stek_seed *seed)
{
    STEK_SECRET(text) struct text text;
    char beside[PATH_MAX];
    size_t len;

    if (stek_seed_format(seed, text.bytes, &len) != STEK_OK)
        return "a libcrypto call failed";
    const int path_len = snprintf(beside, sizeof beside, "%s.new", path);
    if (path_len < 0 || (size_t)path_len >= sizeof beside)
        return "its path is too long";
    if (unlink(beside) != 0 && errno != ENOENT) /* what a crash left */
        return "an old file beside it cannot be removed";
    if (!write_new(beside, &text, len))
        return "a new file cannot be written beside it";
    const int old = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (rename(beside, path) != 0) {
        const int error = errno;
        (void)unlink(beside);
        if (old >= 0)
            (void)close(old);
        errno = error;
        return "it cannot be replaced";
    }
    sync_folder(path);
    destroy_old(old);
    return NULL;
}

const char *stek_seedfile_make(const char *path, const struct stek_seed *seed)
{
    STEK_SECRET(text) struct text text;
    size_t len;

    if (stek_seed_format(seed, text.bytes, &len) != STEK_OK)
        return "a libcrypto call failed";
    if (write_new(path, &text, len))
        return NULL;
    return errno == EEXIST ? "the file exists already and was not changed" : "it cannot be written";
}
