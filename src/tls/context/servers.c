/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/servers.h"

#include "tls/context/peers.h"

#include <pthread.h>
#include <stdatomic.h>

/* With so many SSL_CTXs more, looking at all of them is a second rarer. */
enum { LOOKED_AT_IN_A_SECOND = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct stek_server *newest;
static int64_t count;
static int64_t looked_at_all = INT64_MIN;
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
    (void)pthread_atfork(lock_list, unlock_list, unlock_list);
}

static bool can_serve(const SSL_CTX *ctx)
{
    return SSL_CTX_get0_certificate(ctx) != NULL;
}

void stek_servers_enter(struct stek_server *server, SSL_CTX *ctx)
{
    (void)pthread_once(&once, set_up_handlers);
    lock_list();
    *server = (struct stek_server){.ctx = ctx, .older = newest, .seen = INT64_MIN};
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
        *server = (struct stek_server){0};
        count--;
        atomic_fetch_add(&generation, 1);
    }
    unlock_list();
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

bool stek_servers_for_each(bool (*each)(SSL_CTX *ctx, void *arg), void *arg)
{
    bool go_on = true;

    lock_list();
    for (struct stek_server *server = newest; go_on && server != NULL; server = server->older)
        if (can_serve(server->ctx))
            go_on = each(server->ctx, arg);
    unlock_list();
    return go_on;
}
