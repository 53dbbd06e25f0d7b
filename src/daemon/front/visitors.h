/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of the HTTP server, which evhttp does not tell of. Their number has a limit. When
 * it is reached, the oldest one makes room: so clients that say nothing, or say it slowly, keep
 * nobody else out.
 */
#ifndef STEK_DAEMON_VISITORS_H
#define STEK_DAEMON_VISITORS_H

#include "daemon/front/pace.h"

#include <event2/bufferevent.h>

enum {
    STEK_VISITORS_MAX = 128,
    STEK_VISITORS_ROOM =
        STEK_VISITORS_MAX + 2 * STEK_PACE_CONNECTIONS, /* with those on their way out */
    STEK_VISITOR_INPUT_MAX = 32 * 1024                 /* more than a request */
};

struct stek_visitors {
    struct event *sweep;
    size_t count;
    size_t sent_away; /* the first of these are about to end */
    /* The oldest first. Those that were sent away go in the next turn of the loop. */
    struct bufferevent *at[STEK_VISITORS_ROOM];
};

/* False: no memory. */
bool stek_visitors_open(struct stek_visitors *visitors, struct event_base *base);

/* After evhttp has ended its connections. All zeros are fine. */
void stek_visitors_close(struct stek_visitors *visitors);

/* A new connection, which evhttp will free. */
void stek_visitors_add(struct stek_visitors *visitors, struct bufferevent *visitor);

#endif
