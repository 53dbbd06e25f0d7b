/* SPDX-License-Identifier: Apache-2.0 */
/* The user at the other end of the control socket (from the kernel), and its rights. */
#ifndef STEK_DAEMON_PEER_H
#define STEK_DAEMON_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Credentials as they were when the peer connected (unix(7), SO_PEERCRED and SO_PEERGROUPS). */
struct stek_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
    bool in_admin_group; /* as its own group or a supplementary one */
};

/* `admin` is the group to look for; (gid_t)-1: none. Returns false when the kernel does not tell.
 */
bool stek_peer_read(int fd, gid_t admin, struct stek_peer *ret_peer);

/* Root, the user that stekd runs as, and members of the administrators' group. */
static inline bool stek_peer_may_command(const struct stek_peer *peer, uid_t own)
{
    return peer->uid == 0 || peer->uid == own || peer->in_admin_group;
}

#endif
