/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that the server keeps: in libssl's cache or in the program's, in all versions of TLS;
 * and how long sessions of any kind last. */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 4096, ID_MAX = SSL_MAX_SSL_SESSION_ID_LENGTH };

/* A program's own cache, one for all of its SSL_CTXs: of bytes, since one session must not be in
 * the caches of two. */
static struct kept {
    unsigned char id[ID_MAX];
    unsigned int id_len;
    struct session session;
} cache[KEPT_MAX];
static size_t kept_count;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    struct kept *kept = &cache[kept_count++ % KEPT_MAX];
    const unsigned char *id = SSL_SESSION_get_id(session, &kept->id_len);

    (void)ssl;
    OPENSSL_free(kept->session.bytes);
    kept->session.bytes = NULL;
    memcpy(kept->id, id, kept->id_len);
    kept->session.len = i2d_SSL_SESSION(session, &kept->session.bytes);
    return 0;
}

static SSL_SESSION *get(SSL *ssl, const unsigned char *id, int len, int *copies)
{
    (void)ssl;
    *copies = 0;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        const unsigned char *at = cache[i].session.bytes;
        if (at != NULL && (int)cache[i].id_len == len && memcmp(cache[i].id, id, (size_t)len) == 0)
            return d2i_SSL_SESSION(NULL, &at, cache[i].session.len);
    }
    return NULL;
}

static SSL_CTX *external(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep);
    SSL_CTX_sess_set_get_cb(ctx, get);
    return ctx;
}

static SSL_CTX *off(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

static SSL_CTX *both(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_new_cb(ctx, keep);
    SSL_CTX_sess_set_get_cb(ctx, get);
    return ctx;
}

static SSL_CTX *stateful(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    return ctx;
}

static SSL_CTX *lasting(SSL_CTX *ctx, long timeout_s)
{
    (void)SSL_CTX_set_timeout(ctx, timeout_s);
    return ctx;
}

static SSL_CTX *demand(void)
{
    return verifying("server-a", DEMAND, "A");
}

/* Half of the time that short sessions last, and a second more. */
static void half(struct place *places, size_t count)
{
    (void)places, (void)count;
    pass_time(6);
}

static void long_time(struct place *places, size_t count)
{
    (void)places, (void)count;
    pass_time(120);
}

static size_t build_stateful(struct place *places)
{
    places[0] = (struct place){.name = "internal", .ctx = stateful(demand())};
    places[1] = (struct place){.name = "internal-too", .ctx = stateful(demand())};
    places[2] = (struct place){.name = "off", .ctx = off(stateful(demand()))};
    places[3] = (struct place){.name = "external", .ctx = external(stateful(demand()))};
    places[4] = (struct place){.name = "external-too", .ctx = external(stateful(demand()))};
    places[5] = (struct place){.name = "both", .ctx = both(stateful(demand()))};
    places[6] = (struct place){.name = "short", .ctx = lasting(stateful(demand()), 10)};
    places[7] = (struct place){.name = "tickets", .ctx = demand()};
    return 8;
}

const struct scene scene_stateful = {
    .name = "stateful",
    .build = build_stateful,
    .clients = {"alice", "nobody"},
    .changes = {{"later", half, true}, {"later-still", half, true}, {"long", long_time, true}},
    .verifies = true,
    .short_run = true};

static void flush(struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        SSL_CTX_flush_sessions(places[i].ctx, 0);
}

static size_t build_caches(struct place *places)
{
    places[0] = (struct place){.name = "internal", .names = "a", .ctx = server("server-a")};
    places[1] = (struct place){.name = "off", .names = "a", .ctx = off(server("server-a"))};
    places[2] =
        (struct place){.name = "external", .names = "a", .ctx = external(server("server-a"))};
    places[3] = (struct place){.name = "both", .names = "a", .ctx = both(server("server-a"))};
    places[4] = (struct place){.name = "peers", .ctx = both(demand())};
    return 5;
}

const struct scene scene_caches = {
    .name = "caches",
    .build = build_caches,
    .clients = {"alice", "nobody"},
    .changes = {{"later", half, true}, {"flushed", flush, false}, {"long", long_time, false}},
    .verifies = true,
    .short_run = false};

static size_t build_timeouts(struct place *places)
{
    places[0] =
        (struct place){.name = "short", .names = "a", .ctx = lasting(server("server-a"), 10)};
    places[1] =
        (struct place){.name = "long", .names = "a", .ctx = lasting(server("server-a"), 100)};
    places[2] = (struct place){
        .name = "endless", .names = "a", .ctx = lasting(server("server-a"), 30L * 24 * 3600)};
    places[3] = (struct place){.name = "default", .names = "a", .ctx = server("server-a")};
    return 4;
}

const struct scene scene_timeouts = {.name = "timeouts",
                                     .build = build_timeouts,
                                     .clients = {"nobody"},
                                     .changes = {{"later", half, true},
                                                 {"later-still", half, true},
                                                 {"third", half, true},
                                                 {"long", long_time, true}},
                                     .short_run = true};
