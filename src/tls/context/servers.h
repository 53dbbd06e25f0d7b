/* SPDX-License-Identifier: Apache-2.0 */
/* The living SSL_CTXs of this process that stek was attached to. */
#ifndef STEK_TLS_CONTEXT_SERVERS_H
#define STEK_TLS_CONTEXT_SERVERS_H

#include "tls/ossl.h"

#include <stdbool.h>

/* An SSL_CTX in the list. */
struct stek_server {
    SSL_CTX *ctx; /* NULL: it is not in the list */
    struct stek_server *older;
    struct stek_server *newer;
    int64_t seen;  /* when its verify mode was last read */
    bool is_dying; /* its last hold was given back already */
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

/* Another number whenever the list has changed. Thread-safe, never waits. */
uint64_t stek_servers_generation(void);

/*
 * Reads the verify modes of those that were not looked at yet, and of all once in a while, since
 * programs may change them at any time. An SSL_CTX without a certificate cannot serve: how it
 * verifies a server, when it is a client's, counts for nothing. What it finds is noted (peers.h).
 * `now` in Unix seconds. Thread-safe.
 */
void stek_servers_look(int64_t now);

/* Calls `each` for all that can serve, until it returns false; returns whether none did, and there
 * was memory. Other threads may free theirs meanwhile: each is held, and may be freed in here.
 * Thread-safe. */
bool stek_servers_for_each(bool (*each)(SSL_CTX *ctx, void *arg), void *arg);

#endif
