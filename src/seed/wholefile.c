/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_EXCHANGE /* linux/fs.h */
#define RENAME_EXCHANGE (1U << 1)
#endif

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

/* Owner, group and mode of the file that is to be replaced; if that is not allowed, the new one is
 * this user's alone. */
static bool take_over(int fd, const struct stat *old)
{
    struct stat new;

    if (fstat(fd, &new) != 0)
        return false;
    if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) != 0)
        return true;
    return fchmod(fd, old->st_mode & 0777) == 0;
}

/* Makes a new file; it is whole on the disk when this returns true. */
static bool write_new(const char *path, const struct stat *old, const char *bytes, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    const bool whole =
        write_all(fd, bytes, len) && (old == NULL || take_over(fd, old)) && fsync(fd) == 0;
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

/* Overwrites what the file holds, as far as the file system writes in place. */
static void overwrite(int fd)
{
    static const char zeros[4096];
    struct stat file;

    if (fd < 0)
        return;
    if (fstat(fd, &file) == 0 && file.st_size > 0)
        (void)write_all(fd, zeros,
                        file.st_size < (off_t)sizeof zeros ? (size_t)file.st_size : sizeof zeros);
    (void)fsync(fd);
    (void)close(fd);
}

static int open_old(const char *path)
{
    return open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

bool stek_wholefile_destroy(const char *path)
{
    const int fd = open_old(path);

    overwrite(fd);
    if (unlink(path) == 0)
        sync_folder(path);
    else if (errno != ENOENT)
        return false;
    return true;
}

const char *stek_wholefile_make(const char *path, const char *bytes, size_t len)
{
    if (!write_new(path, NULL, bytes, len))
        return errno == EEXIST ? "the file exists already and was not changed: name a new one"
                               : "it cannot be written";
    sync_folder(path);
    return NULL;
}

/*
 * The two files change places in one step. So the old one keeps a name until it is overwritten, and
 * if this process is killed before that, the next replacement finds it.
 */
static bool exchange(const char *path, const char *beside)
{
    return syscall(SYS_renameat2, AT_FDCWD, beside, AT_FDCWD, path, RENAME_EXCHANGE) == 0;
}

/* Where the file system or the kernel knows no exchange. */
static bool put_over(const char *path, const char *beside)
{
    const int old = open_old(path);
    const bool done = rename(beside, path) == 0;
    const int error = errno;

    sync_folder(path);
    if (done)
        overwrite(old);
    else if (old >= 0)
        (void)close(old);
    errno = error;
    return done;
}

static const char *put_in_place(const char *path, const char *beside)
{
    if (exchange(path, beside)) {
        sync_folder(path);
        return stek_wholefile_destroy(beside) ? NULL : "the old file cannot be removed";
    }
    if (put_over(path, beside))
        return NULL;
    const int error = errno;
    (void)stek_wholefile_destroy(beside);
    errno = error;
    return "it cannot be replaced";
}

const char *stek_wholefile_replace(const char *path, const char *bytes, size_t len)
{
    char beside[PATH_MAX];
    struct stat old;
    const int path_len = snprintf(beside, sizeof beside, "%s.new", path);

    if (path_len < 0 || (size_t)path_len >= sizeof beside) {
        errno = ENAMETOOLONG;
        return "its path is too long";
    }
    const bool is_there = lstat(path, &old) == 0;
    if (!is_there && errno != ENOENT)
        return "it cannot be examined";
    if (is_there && !S_ISREG(old.st_mode)) {
        errno = S_ISLNK(old.st_mode) ? ELOOP : EINVAL;
        return "it is not a regular file";
    }
    if (!stek_wholefile_destroy(beside)) /* what a crash left, old or new */
        return "an old file beside it cannot be removed";
    if (!write_new(beside, is_there ? &old : NULL, bytes, len))
        return "a new file cannot be written beside it";
    return put_in_place(path, beside);
}
