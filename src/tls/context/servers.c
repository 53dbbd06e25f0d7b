/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/servers.h"

#include "tls/context/peers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* With so many SSL_CTXs more, looking at all of them is a second rarer. */
enum { LOOKED_AT_IN_A_SECOND = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool handlers_refused;
static struct stek_server *newest;
static int64_t count;
static int64_t looked_at_all = INT64_MIN;
static size_t fresh;
static _Atomic size_t fresh_now; /* the same, for who does not lock */
static atomic_bool has_served;
static _Atomic uint64_t generation = 1;
static _Atomic uint64_t looked_at_generation;
static _Atomic int64_t looked_at;

static void lock_list(void)
{
    (void)pthread_mutex_lock(&lock);
}

static void unlock_list(void)
{
    (void)pthread_mutex_unlock(&lock);
}

/* The lock is not to be another thread's in a child. */
static void set_up_handlers(void)
{
    handlers_refused = pthread_atfork(lock_list, unlock_list, unlock_list) != 0;
}

bool stek_servers_prepare(void)
{
    (void)pthread_once(&once, set_up_handlers);
    return !handlers_refused;
}

static bool can_serve(const SSL_CTX *ctx)
{
    return SSL_CTX_get0_certificate(ctx) != NULL;
}

static void count_fresh(bool one_more)
{
    fresh = one_more ? fresh + 1 : fresh - 1;
    atomic_store_explicit(&fresh_now, fresh, memory_order_release);
}

void stek_servers_enter(struct stek_server *server, SSL_CTX *ctx)
{
    (void)stek_servers_prepare();
    lock_list();
    *server = (struct stek_server){.ctx = ctx,
                                   .older = newest,
                                   .seen = INT64_MIN,
                                   .is_fresh = atomic_load(&has_served),
                                   .maker = pthread_self()};
    if (server->is_fresh)
        count_fresh(true);
    if (newest != NULL)
        newest->newer = server;
    newest = server;
    count++;
    atomic_fetch_add(&generation, 1);
    unlock_list();
}

void stek_servers_leave(struct stek_server *server)
{
    lock_list();
    if (server->ctx != NULL) {
        if (server->older != NULL)
            server->older->newer = server->newer;
        if (server->newer != NULL)
            server->newer->older = server->older;
        else
            newest = server->older;
        if (server->is_fresh)
            count_fresh(false);
        *server = (struct stek_server){0};
        count--;
        atomic_fetch_add(&generation, 1);
    }
    unlock_list();
}

bool stek_servers_have_fresh(void)
{
    return atomic_load_explicit(&fresh_now, memory_order_acquire) != 0;
}

void stek_servers_use(struct stek_server *server, bool serves)
{
    if (serves && !atomic_load_explicit(&has_served, memory_order_relaxed))
        atomic_store(&has_served, true);
    if (!stek_servers_have_fresh())
        return;
    lock_list();
    if (server->is_fresh) {
        server->is_fresh = false;
        count_fresh(false);
        atomic_fetch_add(&generation, 1);
    }
    unlock_list();
}

static bool may_change(const struct stek_server *server)
{
    return server->is_fresh && pthread_equal(server->maker, pthread_self()) == 0;
}

bool stek_servers_may_change(void)
{
    bool found = false;

    if (!stek_servers_have_fresh())
        return false;
    lock_list();
    for (const struct stek_server *server = newest; server != NULL && !found;
         server = server->older)
        found = may_change(server);
    unlock_list();
    return found;
}

uint64_t stek_servers_generation(void)
{
    return atomic_load_explicit(&generation, memory_order_acquire);
}

/* Newest first: behind one that was seen by now, all were. */
static void look_at_list(int64_t now)
{
    const bool at_all = looked_at_all > now || looked_at_all < now - count / LOOKED_AT_IN_A_SECOND;
    struct stek_server *server = newest;

    for (; server != NULL && (at_all || server->seen == INT64_MIN); server = server->older) {
        server->seen = now;
        if (SSL_CTX_get_verify_mode(server->ctx) != SSL_VERIFY_NONE && can_serve(server->ctx))
            stek_peers_note();
    }
    if (at_all)
        looked_at_all = now;
}

void stek_servers_look(int64_t now)
{
    const uint64_t current = stek_servers_generation();

    if (stek_peers_are_verified() ||
        (atomic_load_explicit(&looked_at_generation, memory_order_relaxed) == current &&
         atomic_load_explicit(&looked_at, memory_order_relaxed) == now))
        return;
    atomic_store_explicit(&looked_at_generation, current, memory_order_relaxed);
    atomic_store_explicit(&looked_at, now, memory_order_relaxed);
    lock_list();
    look_at_list(now);
    unlock_list();
}

/*
 * Holds all that can serve; returns how many. One that another thread is about to free has lost its
 * last hold, and parts of it are gone. SSL_CTX_up_ref() tells, but only the first who asks.
 */
static size_t hold_all(SSL_CTX **ret_held)
{
    size_t held = 0;

    for (struct stek_server *server = newest; server != NULL; server = server->older) {
        if (server->is_dying || may_change(server) || !can_serve(server->ctx))
            continue;
        if (SSL_CTX_up_ref(server->ctx) == 1)
            ret_held[held++] = server->ctx;
        else
            server->is_dying = true;
    }
    return held;
}

/* The list is not locked here: the last hold that is given back frees its SSL_CTX, which then
 * leaves the list. */
static bool go_through(SSL_CTX **held, size_t count_held, bool (*each)(SSL_CTX *ctx, void *arg),
                       void *arg)
{
    bool go_on = true;

    for (size_t i = 0; i < count_held; i++) {
        go_on = go_on && each(held[i], arg);
        SSL_CTX_free(held[i]);
    }
    return go_on;
}

bool stek_servers_for_each(bool (*each)(SSL_CTX *ctx, void *arg), void *arg)
{
    lock_list();
    SSL_CTX **held = calloc((size_t)count + 1, sizeof(SSL_CTX *));
    const size_t count_held = held != NULL ? hold_all(held) : 0;
    unlock_list();
    if (held == NULL)
        return false;
    const bool all = go_through(held, count_held, each, arg);
    free(held);
    return all;
}
