/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket on the loopback address, for servers of the tests. */
#ifndef TOOLS_LISTENER_H
#define TOOLS_LISTENER_H

/* Returns the socket, closed on exec; -1 with errno if there is none. */
int listener_open(int port);

#endif
