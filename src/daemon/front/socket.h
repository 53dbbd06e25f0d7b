/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the control socket: its place, and whom it lets in. */
#ifndef STEK_DAEMON_SOCKET_H
#define STEK_DAEMON_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* Bound in the place of what an earlier stekd left; the caller holds the run directory's lock. Lets
 * in this user alone. -1 with errno. */
int stek_socket_bind(const char *path);

/* Lets in this group; (gid_t)-1: this user alone. False with errno: all is as before. */
bool stek_socket_let_in(const char *path, gid_t group);

#endif
