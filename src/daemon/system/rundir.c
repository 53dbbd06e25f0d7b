/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/rundir.h"

#include "daemon/system/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char lock_name[] = "stekd.lock";

static bool complain(struct stek_rundir_problem *ret_problem, const char *path, const char *words)
{
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%.300s: %s", path, words);
    return false;
}

/* Makes the directory, if it is missing, whatever the umask is. */
static bool make(const char *path, uid_t owner, gid_t group, bool *ret_made)
{
    *ret_made = mkdir(path, 0700) == 0;
    if (!*ret_made)
        return errno == EEXIST;
    return (owner == (uid_t)-1 || chown(path, owner, group) == 0) && chmod(path, 0755) == 0;
}

/* Says whose it is, and what to type. */
static bool complain_of_owner(const struct stat *status, const char *path, uid_t owner,
                              struct stek_rundir_problem *ret_problem)
{
    char words[120];

    (void)snprintf(words, sizeof words,
                   "the run directory belongs to user id %ju, and not to root or stekd's user: "
                   "chown %ju",
                   (uintmax_t)status->st_uid, (uintmax_t)(owner != (uid_t)-1 ? owner : geteuid()));
    return complain(ret_problem, path, words);
}

static bool check(int fd, const char *path, uid_t owner, bool allow_disk,
                  struct stek_rundir_problem *ret_problem)
{
    struct stat status;
    struct statfs fs;

    if (fstat(fd, &status) != 0 || fstatfs(fd, &fs) != 0)
        return complain(ret_problem, path, stek_failure_name(errno).text);
    if (status.st_uid != 0 && status.st_uid != geteuid() && status.st_uid != owner)
        return complain_of_owner(&status, path, owner, ret_problem);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return complain(ret_problem, path,
                        "the run directory is writable by its group or others: chmod 755");
    const uint32_t type = (uint32_t)fs.f_type; /* its own type has another sign on 32 bits */
    if (!allow_disk && type != TMPFS_MAGIC && type != RAMFS_MAGIC)
        return complain(ret_problem, path,
                        "not on tmpfs or ramfs, so keys could reach a disk: choose another, or set "
                        "allow_disk = yes");
    return true;
}

bool stek_rundir_open(const char *path, uid_t owner, gid_t group, bool allow_disk,
                      struct stek_rundir *ret_dir, struct stek_rundir_problem *ret_problem)
{
    bool made;

    if (!make(path, owner, group, &made))
        return complain(ret_problem, path, stek_failure_name(errno).text);
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return complain(ret_problem, path,
                        errno == ELOOP || errno == ENOTDIR ? "not a directory"
                                                           : stek_failure_name(errno).text);
    if (!check(fd, path, owner, allow_disk, ret_problem)) {
        (void)close(fd);
        if (made)
            (void)rmdir(path);
        return false;
    }
    *ret_dir = (struct stek_rundir){.dir_fd = fd, .lock_fd = -1};
    return true;
}

/* Leaves the process id in the file, for the stekd that is refused. */
static void sign(int fd)
{
    char text[32];
    const int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        return; /* the lock is what counts */
}

static void complain_of_holder(int fd, const char *path, struct stek_rundir_problem *ret_problem)
{
    char words[96];
    char pid[16] = "";
    const ssize_t len = pread(fd, pid, sizeof pid - 1, 0);

    const size_t digits = len > 0 ? strspn(pid, "0123456789") : 0;

    pid[digits] = '\0';
    (void)snprintf(words, sizeof words, "another stekd%s%s uses this run directory",
                   digits > 0 ? " with process id " : "", pid);
    (void)complain(ret_problem, path, words);
}

bool stek_rundir_lock(struct stek_rundir *dir, const char *path,
                      struct stek_rundir_problem *ret_problem)
{
    const int fd = openat(dir->dir_fd, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%.300s/%s: %s", path,
                       lock_name, stek_failure_name(errno).text);
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            complain_of_holder(fd, path, ret_problem);
        else
            (void)complain(ret_problem, path, stek_failure_name(errno).text);
        (void)close(fd);
        return false;
    }
    sign(fd);
    dir->lock_fd = fd;
    return true;
}

void stek_rundir_close(struct stek_rundir *dir)
{
    if (dir->lock_fd >= 0)
        (void)close(dir->lock_fd);
    (void)close(dir->dir_fd);
}
