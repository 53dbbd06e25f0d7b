/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool set_access(const char *path, gid_t group, mode_t mode)
{
    return (group == (gid_t)-1 || fchownat(AT_FDCWD, path, (uid_t)-1, group, 0) == 0) &&
           fchmodat(AT_FDCWD, path, mode, 0) == 0;
}

bool stek_socket_let_in(const char *path, gid_t group)
{
    struct stat before;

    if (fstatat(AT_FDCWD, path, &before, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (set_access(path, group, group != (gid_t)-1 ? 0660 : 0600))
        return true;
    const int error = errno;
    (void)set_access(path, before.st_gid, before.st_mode & 0777);
    errno = error;
    return false;
}

int stek_socket_bind(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        errno = fd < 0 ? errno : ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        const mode_t mask = umask(0177); /* only this user until the mode is set */
        const bool bound = (unlink(path) == 0 || errno == ENOENT) &&
                           bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        (void)umask(mask);
        if (bound)
            return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}
