/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of the control socket: how it gets answers. Only the control socket's own files
 * include this. */
#ifndef STEK_DAEMON_CONNECTION_H
#define STEK_DAEMON_CONNECTION_H

#include "daemon/front/control.h"
#include "daemon/front/pace.h"
#include "daemon/front/text.h"

#include <event2/bufferevent.h>
#include <event2/listener.h>

#include <stdbool.h>
#include <sys/un.h>

struct stek_connection {
    struct stek_control *control;
    struct bufferevent *stream;
    struct stek_peer peer;
    uint64_t last_use;            /* when it was accepted or last asked, by the socket's count */
    const struct stek_text *text; /* its latest answer: alive until all of it is sent */
    bool denied;                  /* may not give orders: nothing that it says is looked at */
    bool ending;                  /* once the answer has gone */
    bool half_closed;             /* nothing more comes, but lines that have come are answered */
    bool waits;                   /* for the status of all rings: nothing is read meanwhile */
};

struct stek_control {
    struct event_base *base;
    struct evconnlistener *listener;
    struct stek_pace pace;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    gid_t admin;
    int64_t denied_at; /* when somebody was last said to be: Unix seconds */
    stek_control_fn answer;
    void *arg;
    uint64_t uses;
    struct event *whole; /* answers all that wait */
    int64_t whole_at_ms; /* not before: of the monotonic clock */
    struct stek_connection *connection[STEK_CONTROL_CONNECTIONS_MAX]; /* NULL: free */
};

void stek_connection_drop(struct stek_connection *connection);

/* Waits for what it says. A passing fault is tried once more; false: it is to be dropped. */
bool stek_connection_listen(struct stek_connection *connection);

/* Sends an answer, and takes it over; NULL: no memory. Nothing more is read from this peer until it
 * is gone. */
void stek_connection_send(struct stek_connection *connection, json_t *answer);

/* The answer as a line, which the caller holds. Takes the answer over. NULL: no memory. */
struct stek_text *stek_connection_text(json_t *answer);

/* The same with a text that others may be sent, too. NULL ends the connection. */
void stek_connection_send_text(struct stek_connection *connection, struct stek_text *text);

/*
 * The status of all rings costs the most, and is the same for all: whoever asks for it waits for
 * the next, which is made at once, or after as long as the last one took: so those that ask without
 * end get one text for all, half of the time at most goes into it, and a turn makes one at most.
 */
void stek_whole_wait(struct stek_connection *connection);

/* False: no memory. */
bool stek_whole_open(struct stek_control *control);

void stek_whole_close(struct stek_control *control);

#endif
