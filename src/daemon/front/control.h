/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a line in, a line out, in turn (docs/formats.md, "Control protocol").
 *
 * The attacker is any client that may connect, and sends anything, slowly, endlessly, or reads
 * nothing. stekd does not wait for it: there is one request and one answer for each connection in
 * memory, a connection that is idle for ten seconds ends, and when all places are taken the user
 * with the most of them loses the one that was idle longest. Answers that nobody reads have at
 * most 16 MiB: over that, the longest of them goes with its connection. Requests of a client that
 * may not give orders are not even parsed: it gets an error and is disconnected.
 */
#ifndef STEK_DAEMON_CONTROL_H
#define STEK_DAEMON_CONTROL_H

#include "daemon/front/peer.h"
#include "daemon/front/request.h"

#include <event2/event.h>

#include <jansson.h>

#include <stdint.h>

enum { STEK_CONTROL_CONNECTIONS_MAX = 64, STEK_CONTROL_IDLE_MAX_S = 10 };

/* Carries a request out. Returns the answer, which is the control socket's to free; NULL: no
 * memory. */
typedef json_t *(*stek_control_fn)(const struct stek_request *request, const struct stek_peer *peer,
                                   void *arg);

struct stek_control;

/*
 * Listens on `path`, in the place of a socket that an earlier stekd left. Its mode lets in the
 * owner and, where `admin` can be given it, that group; (gid_t)-1: the owner only. Returns NULL
 * with errno set.
 */
struct stek_control *stek_control_open(struct event_base *base, const char *path, gid_t admin,
                                       stek_control_fn answer, void *arg);

/* The administrators' group; (gid_t)-1: none, or the socket could not be given to it. */
gid_t stek_control_admin(const struct stek_control *control);

/* Another administrators' group from now on. Returns false with errno set when the socket cannot be
 * given to it: then all is as before. */
bool stek_control_set_admin(struct stek_control *control, gid_t admin);

/* Removes the socket and ends all connections. NULL is fine. */
void stek_control_close(struct stek_control *control);

/* An answer that says what is wrong: `kind` is usage, unknown-ring, denied or failed. */
json_t *stek_control_error(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
