/* SPDX-License-Identifier: Apache-2.0 */
/* What a program trusts changes: in new SSL_CTXs, as at a reload, or in those that serve. */
#include "cases.h"

#include <openssl/x509_vfy.h>

#include <string.h>

static size_t build(struct place *places)
{
    places[0] = (struct place){.name = "demand", .ctx = verifying("server-a", DEMAND, "A")};
    places[1] =
        (struct place){.name = "optional", .ctx = verifying("server-a", SSL_VERIFY_PEER, "A")};
    places[2] = (struct place){.name = "open", .ctx = server("server-a")};
    return 3;
}

static void put(struct place *place, SSL_CTX *ctx)
{
    SSL_CTX_free(place->ctx);
    place->ctx = ctx;
}

static void reload_with(struct place *places, const char *authority, bool revoked)
{
    put(&places[0], verifying("server-a", DEMAND, authority));
    put(&places[1], verifying("server-a", SSL_VERIFY_PEER, authority));
    put(&places[2], server("server-a"));
    for (int i = 0; revoked && i < 2; i++)
        add_crls(SSL_CTX_get_cert_store(places[i].ctx));
}

static void reload(struct place *places, size_t count)
{
    (void)count;
    reload_with(places, "A", false);
}

static void revoke(struct place *places, size_t count)
{
    (void)count;
    reload_with(places, "A", true);
}

static void replace_authority(struct place *places, size_t count)
{
    (void)count;
    reload_with(places, "A2", false);
}

const struct scene scene_reload = {.name = "reload",
                                   .build = build,
                                   .clients = {"alice", "alice2", "bob", "nobody"},
                                   .changes = {{"replaced", replace_authority, false},
                                               {"reload", reload, false},
                                               {"revoked", revoke, false}},
                                   .verifies = true,
                                   .short_run = true};

/* The same in SSL_CTXs that go on serving. OpenSSL resumes what it sealed all the same. */
static void live_crls(struct place *places, size_t count)
{
    (void)count;
    add_crls(SSL_CTX_get_cert_store(places[0].ctx));
    add_crls(SSL_CTX_get_cert_store(places[1].ctx));
}

static void live_store(struct place *places, size_t count)
{
    (void)count;
    SSL_CTX_set_cert_store(places[0].ctx, store_of("A2"));
    SSL_CTX_set_cert_store(places[1].ctx, store_of("B"));
}

static void live_mode(struct place *places, size_t count)
{
    (void)count;
    SSL_CTX_set_verify(places[1].ctx, DEMAND, NULL);
    SSL_CTX_set_verify(places[2].ctx, SSL_VERIFY_PEER, NULL);
}

const struct scene scene_live = {.name = "live",
                                 .build = build,
                                 .clients = {"alice", "bob", "nobody"},
                                 .changes = {{"crls", live_crls, false},
                                             {"store", live_store, false},
                                             {"mode", live_mode, false}},
                                 .verifies = true,
                                 .short_run = true};
