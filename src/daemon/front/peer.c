/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { GROUPS_MAX = 65536 }; /* NGROUPS_MAX of Linux */

static bool holds(const gid_t *groups, size_t count, gid_t group)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* Few have more groups than fit here; the kernel says how much room it needs for theirs. */
static bool is_in_group(int fd, gid_t group)
{
    gid_t few[64];
    socklen_t len = sizeof few;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &len) == 0)
        return holds(few, len / sizeof *few, group);
    if (errno != ERANGE || len > GROUPS_MAX * sizeof(gid_t))
        return false;
    gid_t *all = malloc(len);
    const bool found = all != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &len) == 0 &&
                       holds(all, len / sizeof *all, group);
    free(all);
    return found;
}

bool stek_peer_read(int fd, gid_t admin, struct stek_peer *ret_peer)
{
    struct ucred credentials;
    socklen_t len = sizeof credentials;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0 ||
        len != sizeof credentials)
        return false;
    *ret_peer =
        (struct stek_peer){.pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
    ret_peer->in_admin_group =
        admin != (gid_t)-1 && (credentials.gid == admin || is_in_group(fd, admin));
    return true;
}
