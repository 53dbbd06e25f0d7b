/* SPDX-License-Identifier: Apache-2.0 */
/* The living SSL_CTXs of this process that stek was attached to. */
#ifndef STEK_TLS_CONTEXT_SERVERS_H
#define STEK_TLS_CONTEXT_SERVERS_H

#include "tls/ossl.h"

#include <pthread.h>
#include <stdbool.h>

/* An SSL_CTX in the list. */
struct stek_server {
    SSL_CTX *ctx; /* NULL: it is not in the list */
    struct stek_server *older;
    struct stek_server *newer;
    int64_t seen;  /* when its verify mode was last read */
    bool is_dying; /* its last hold was given back already */
    bool is_fresh; /* made after the first handshake, and not in use yet */
    pthread_t maker;
};

/*
 * Sets up that a child after fork finds the list unlocked; unless called, at the first SSL_CTX. The
 * handlers run in the reverse order of being set up, and have to take their locks in the order in
 * which other code does: stek_process_prepare() first, then this, then who calls in here with a
 * lock of its own. False: libc refuses. Thread-safe.
 */
bool stek_servers_prepare(void);

/* Enters an SSL_CTX, and takes it out when it is freed, or is not stek's any more. Thread-safe. */
void stek_servers_enter(struct stek_server *server, SSL_CTX *ctx);
void stek_servers_leave(struct stek_server *server);

/* A handshake of this SSL_CTX begins, in either role, or one switched to it: its program has
 * configured it. `serves`: it is a server's. Thread-safe; takes no lock but where one is fresh. */
void stek_servers_use(struct stek_server *server, bool serves);

/* Whether some are fresh: made since the first handshake and not in use yet. Never waits. */
bool stek_servers_have_fresh(void);

/*
 * Whether another thread may be configuring one just now: it made it after the first handshake, and
 * the SSL_CTX was not in use yet. Such a one is not to be read. Thread-safe.
 */
bool stek_servers_may_change(void);

/* Another number whenever the list has changed. Thread-safe, never waits. */
uint64_t stek_servers_generation(void);

/*
 * Reads the verify modes of those that were not looked at yet, and of all once in a while, since
 * programs may change them at any time. An SSL_CTX without a certificate cannot serve: how it
 * verifies a server, when it is a client's, counts for nothing. What it finds is noted (peers.h).
 * `now` in Unix seconds. Thread-safe.
 */
void stek_servers_look(int64_t now);

/* Calls `each` for all that can serve, but those that another thread may be configuring, until it
 * returns false; returns whether none did, and there was memory. Other threads may free theirs
 * meanwhile: each is held, and may be freed in here. Thread-safe. */
bool stek_servers_for_each(bool (*each)(SSL_CTX *ctx, void *arg), void *arg);

#endif
