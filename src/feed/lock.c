/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* -1, with errno as it was. */
static int give_up(int fd)
{
    const int error = errno;

    if (fd >= 0)
        (void)close(fd);
    errno = error;
    return -1;
}

static int open_dir(const char *state_dir)
{
    return open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The descriptor, which stays open; -1 with errno, which is EWOULDBLOCK if another has it. */
static int take_lock(int dir)
{
    const int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && fchmod(fd, 0600) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    return give_up(fd);
}

/* The descriptor, which stays open; -1 with errno. */
static int show(int dir)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (unlinkat(dir, "runs", 0) != 0 && errno != ENOENT)
        return -1;
    const int fd = openat(dir, "runs", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0 && fchmod(fd, 0644) == 0)
        return fd;
    return give_up(fd);
}

static enum stek_feed_lock hold(int dir)
{
    const int lock = take_lock(dir);

    if (lock < 0)
        return errno == EWOULDBLOCK ? STEK_FEED_LOCK_TAKEN : STEK_FEED_LOCK_FAILED;
    if (show(dir) >= 0)
        return STEK_FEED_LOCKED;
    (void)give_up(lock);
    return STEK_FEED_LOCK_FAILED;
}

enum stek_feed_lock stek_feed_lock_hold(const char *state_dir)
{
    if (mkdir(state_dir, 0755) != 0 && errno != EEXIST)
        return STEK_FEED_LOCK_FAILED;
    const int dir = open_dir(state_dir);
    if (dir < 0)
        return STEK_FEED_LOCK_FAILED;
    const enum stek_feed_lock result = hold(dir);
    (void)give_up(dir);
    return result;
}

bool stek_feed_is_served(const char *state_dir)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    const int dir = open_dir(state_dir);
    const int fd =
        dir < 0 ? -1
                : openat(dir, "runs", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const bool served = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;

    if (fd >= 0)
        (void)close(fd);
    if (dir >= 0)
        (void)close(dir);
    return served;
}
