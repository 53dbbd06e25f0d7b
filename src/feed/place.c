/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/place.h"

#include "crypto/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NAME_LEN_MAX = 255, NOISE_LEN = 512, FILE_LEN_MAX = 1024 * 1024 };

void stek_feed_fault_say(struct stek_feed_fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    for (char *at = fault->text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static bool fail(struct stek_feed_fault *ret_fault, const char *what, const char *why)
{
    stek_feed_fault_say(ret_fault, "%.120s: %.120s", what, why);
    return false;
}

static const char *directory_problem(int fd)
{
    struct stat status;
    struct statfs fs;

    if (fstat(fd, &status) != 0 || fstatfs(fd, &fs) != 0)
        return strerror(errno);
    const uint32_t type = (uint32_t)fs.f_type; /* its own type has another sign on 32 bits */
    if (type != TMPFS_MAGIC && type != RAMFS_MAGIC)
        return "it is on a disk, where keys outlive their deletion: choose one on a tmpfs, such as "
               "/run";
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return "it belongs to another user than root and the feed's own";
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others than its owner can write in it: chmod go-w";
    return NULL;
}

bool stek_feed_place_open(const char *directory, bool make, gid_t gid,
                          struct stek_feed_place *ret_place, struct stek_feed_fault *ret_fault)
{
    if (make && mkdir(directory, 0755) != 0 && errno != EEXIST)
        return fail(ret_fault, directory, strerror(errno));
    const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(ret_fault, directory, strerror(errno));
    const char *problem = directory_problem(fd);
    if (problem != NULL) {
        (void)close(fd);
        return fail(ret_fault, directory, problem);
    }
    *ret_place = (struct stek_feed_place){fd, gid};
    return true;
}

void stek_feed_place_close(struct stek_feed_place *place)
{
    if (place->dir_fd >= 0)
        (void)close(place->dir_fd);
    place->dir_fd = -1;
}

/* What is there is not what a feed wrote; NULL: it may be. */
static const char *file_problem(int fd)
{
    struct stat status;

    if (fd < 0 && errno == ELOOP)
        return "it is a symbolic link: remove it";
    if (fd < 0 && errno == ENXIO)
        return "it is not a regular file: remove it";
    if (fd < 0 || fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "it is not a regular file: remove it";
    return status.st_size > FILE_LEN_MAX ? "it is larger than any file of keys: remove it" : NULL;
}

/* Opens the file that is to go; *ret_fd is -1 if there is none. */
static bool open_old(const struct stek_feed_place *place, const char *name, int *ret_fd,
                     struct stek_feed_fault *ret_fault)
{
    const int fd = openat(place->dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const bool none = fd < 0 && errno == ENOENT;
    const char *problem = none ? NULL : file_problem(fd);

    *ret_fd = fd;
    if (problem == NULL)
        return true;
    if (fd >= 0)
        (void)close(fd);
    return fail(ret_fault, name, problem);
}

/* Writes random bytes over what the file has. */
static bool overwrite(int fd)
{
    uint8_t noise[NOISE_LEN];
    struct stat status;

    if (fstat(fd, &status) != 0)
        return false;
    for (off_t at = 0; at < status.st_size; at += NOISE_LEN) {
        const off_t rest = status.st_size - at;
        const size_t len = rest < NOISE_LEN ? (size_t)rest : NOISE_LEN;
        if (stek_random_public(noise, sizeof noise) != STEK_OK ||
            pwrite(fd, noise, len, at) != (ssize_t)len)
            return false;
    }
    return true;
}

static bool overwrite_and_close(int fd)
{
    const bool ok = overwrite(fd);

    return close(fd) == 0 && ok;
}

bool stek_feed_place_remove(const struct stek_feed_place *place, const char *name,
                            struct stek_feed_fault *ret_fault)
{
    int fd;

    if (!open_old(place, name, &fd, ret_fault))
        return false;
    if (fd < 0)
        return true;
    const bool gone = overwrite_and_close(fd);
    if (unlinkat(place->dir_fd, name, 0) != 0 && errno != ENOENT)
        return fail(ret_fault, name, strerror(errno));
    return gone || fail(ret_fault, name, "the old file could not be overwritten");
}

static bool is_grouped(const struct stek_feed_place *place)
{
    return place->gid != (gid_t)-1;
}

static mode_t file_mode(const struct stek_feed_place *place)
{
    return is_grouped(place) ? 0640 : 0600;
}

/* The rights come before the bytes. */
static bool fill(const struct stek_feed_place *place, int fd, const uint8_t *bytes, size_t len)
{
    if (is_grouped(place) && fchown(fd, (uid_t)-1, place->gid) != 0)
        return false;
    if (fchmod(fd, file_mode(place)) != 0)
        return false;
    return write(fd, bytes, len) == (ssize_t)len;
}

static bool make_new(const struct stek_feed_place *place, const char *name, const uint8_t *bytes,
                     size_t len, struct stek_feed_fault *ret_fault)
{
    const int fd =
        openat(place->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail(ret_fault, name, strerror(errno));
    errno = 0;
    const bool ok = fill(place, fd, bytes, len);
    const int error = errno;
    (void)close(fd);
    return ok || fail(ret_fault, name, error != 0 ? strerror(error) : "no room");
}

/* What was made beside the file has keys, and nobody reads it: it does not stay. */
static bool drop_made(const struct stek_feed_place *place, const char *made)
{
    struct stek_feed_fault unsaid; /* what failed before it is said */

    (void)stek_feed_place_remove(place, made, &unsaid);
    return false;
}

static bool make_in_place(const struct stek_feed_place *place, const char *name,
                          const uint8_t *bytes, size_t len, struct stek_feed_fault *ret_fault)
{
    char made[NAME_LEN_MAX + 1];

    if (snprintf(made, sizeof made, ".%s.new", name) >= (int)sizeof made)
        return fail(ret_fault, name, strerror(ENAMETOOLONG));
    /* One that is there is what a killed feed left. */
    if (!stek_feed_place_remove(place, made, ret_fault))
        return false;
    if (!make_new(place, made, bytes, len, ret_fault))
        return drop_made(place, made);
    if (renameat(place->dir_fd, made, place->dir_fd, name) == 0)
        return true;
    (void)fail(ret_fault, name, strerror(errno));
    return drop_made(place, made);
}

bool stek_feed_place_put(const struct stek_feed_place *place, const char *name,
                         const uint8_t *bytes, size_t len, struct stek_feed_fault *ret_fault)
{
    int old;

    if (!open_old(place, name, &old, ret_fault))
        return false;
    if (!make_in_place(place, name, bytes, len, ret_fault)) {
        if (old >= 0)
            (void)close(old);
        return false;
    }
    return old < 0 || overwrite_and_close(old) ||
           fail(ret_fault, name, "the old file could not be overwritten");
}

bool stek_feed_place_has(const struct stek_feed_place *place, const char *name)
{
    struct stat status;

    return fstatat(place->dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && (status.st_mode & 07777u) == file_mode(place) &&
           (!is_grouped(place) || status.st_gid == place->gid);
}

static bool ends_in(const char *name, const char *suffix)
{
    const size_t len = strlen(name), end = strlen(suffix);

    return len >= end && strcmp(name + len - end, suffix) == 0;
}

/* NULL: the end, or errno says what is wrong. */
static const struct dirent *next_entry(DIR *dir)
{
    errno = 0;
    return readdir(dir);
}

bool stek_feed_place_clear(const struct stek_feed_place *place, const char *suffix,
                           bool (*keep)(const char *name, const void *arg), const void *arg,
                           struct stek_feed_fault *ret_fault)
{
    const int fd = openat(place->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    bool ok = true;

    if (dir == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return fail(ret_fault, "the directory", strerror(errno));
    }
    for (const struct dirent *entry; (entry = next_entry(dir)) != NULL;)
        if (ends_in(entry->d_name, suffix) && !keep(entry->d_name, arg))
            ok = stek_feed_place_remove(place, entry->d_name, ret_fault) && ok;
    if (errno != 0)
        ok = fail(ret_fault, "the directory", strerror(errno));
    (void)closedir(dir);
    return ok;
}
