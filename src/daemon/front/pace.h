/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast connections are taken. libevent takes all that wait before it looks at anything else,
 * and clients that connect without end would keep it there. So after some connections the listener
 * rests for a moment, in which those that were taken are read, and other events have their turn.
 */
#ifndef STEK_DAEMON_PACE_H
#define STEK_DAEMON_PACE_H

#include <event2/event.h>

#include <stdbool.h>

/* So many in a millisecond: one that waits in a full queue of 1,024 is taken within 64 ms. */
enum { STEK_PACE_CONNECTIONS = 16 };

/* Has the listener listen or rest; false: it cannot listen now. */
typedef bool (*stek_pace_fn)(void *arg, bool on);

struct stek_pace {
    struct event *resume;
    stek_pace_fn set;
    void *arg;
    unsigned taken; /* since the last rest */
};

/* False: no memory. */
bool stek_pace_open(struct stek_pace *pace, struct event_base *base, stek_pace_fn set, void *arg);

/* All zeros are fine. */
void stek_pace_close(struct stek_pace *pace);

/* A connection was taken. */
void stek_pace_count(struct stek_pace *pace);

/* One could not be taken: no descriptor, no memory. So the listener rests for a second. */
void stek_pace_rest(struct stek_pace *pace);

#endif
