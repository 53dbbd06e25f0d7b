/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection is verified with is decided on its SSL: by a verify mode of its own, after the
 * handshake, by another SSL_CTX, or on a duplicate. */
#include "cases.h"

#include <openssl/x509_vfy.h>

#include <string.h>

static SSL *demanding(struct place *place)
{
    SSL *ssl = SSL_new(place->ctx);

    SSL_set_verify(ssl, DEMAND, NULL);
    return ssl;
}

static SSL *asking(struct place *place)
{
    SSL *ssl = SSL_new(place->ctx);

    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return ssl;
}

/* The SSL_CTX verifies, and this connection is let off. */
static SSL *let_off(struct place *place)
{
    SSL *ssl = SSL_new(place->ctx);

    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    return ssl;
}

static SSL *with_store_b(struct place *place)
{
    SSL *ssl = demanding(place);

    must(SSL_set1_verify_cert_store(ssl, store_of("B")) == 1, "a store of the SSL");
    return ssl;
}

/* One SSL_CTX for the first three: OpenSSL shares among them. */
static size_t build_modes(struct place *places)
{
    SSL_CTX *ctx = verifying("server-a", SSL_VERIFY_NONE, "A");

    places[0] = (struct place){.name = "open", .ctx = ctx};
    places[1] = (struct place){.name = "ask", .ctx = ctx, .accept = asking};
    places[2] = (struct place){.name = "demand", .ctx = ctx, .accept = demanding};
    places[3] = (struct place){.name = "store-b", .ctx = ctx, .accept = with_store_b};
    places[4] = (struct place){
        .name = "other-b", .ctx = verifying("server-a", SSL_VERIFY_NONE, "B"), .accept = demanding};
    places[5] = (struct place){
        .name = "let-off", .ctx = verifying("server-a", DEMAND, "A"), .accept = let_off};
    return 6;
}

const struct scene scene_modes = {.name = "modes",
                                  .build = build_modes,
                                  .clients = {"alice", "bob", "nobody"},
                                  .verifies = true,
                                  .short_run = true};

/* RFC 9846 section 4.6.2. */
static bool ask_later(SSL *client, SSL *server)
{
    char byte;

    if (SSL_version(server) != TLS1_3_VERSION)
        return true;
    SSL_set_verify(server, SSL_VERIFY_PEER, NULL);
    if (SSL_verify_client_post_handshake(server) != 1 || SSL_do_handshake(server) != 1)
        return false;
    (void)SSL_read(client, &byte, 1);
    (void)SSL_read(server, &byte, 1);
    return true;
}

static size_t build_post_handshake(struct place *places)
{
    const int later = DEMAND | SSL_VERIFY_POST_HANDSHAKE;

    places[0] = (struct place){
        .name = "later-a", .ctx = verifying("server-a", SSL_VERIFY_NONE, "A"), .after = ask_later};
    places[1] = (struct place){
        .name = "later-b", .ctx = verifying("server-a", SSL_VERIFY_NONE, "B"), .after = ask_later};
    places[2] = (struct place){.name = "never", .ctx = server("server-a")};
    places[3] =
        (struct place){.name = "may", .ctx = verifying("server-a", later, "A"), .after = ask_later};
    places[4] = (struct place){.name = "at-once", .ctx = verifying("server-a", DEMAND, "A")};
    return 5;
}

const struct scene scene_post_handshake = {.name = "post-handshake",
                                           .build = build_post_handshake,
                                           .clients = {"alice", "bob", "nobody"},
                                           .verifies = true,
                                           .short_run = true};

/* Hosts on one port: the accepting SSL_CTX is the first place's. */
static struct place *hosts;

static SSL_CTX *host_named(const char *name, size_t len)
{
    for (size_t i = 1; i < 3; i++)
        if (name != NULL && strlen(hosts[i].host) == len && memcmp(hosts[i].host, name, len) == 0)
            return hosts[i].other->ctx;
    return NULL;
}

static void switch_to(SSL *ssl, SSL_CTX *ctx)
{
    if (ctx == NULL)
        return;
    must(SSL_set_SSL_CTX(ssl, ctx) == ctx, "a switch");
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), NULL); /* which the switch leaves alone */
}

static int by_servername(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert, (void)arg;
    switch_to(ssl, host_named(name, name != NULL ? strlen(name) : 0));
    return SSL_TLSEXT_ERR_OK;
}

static int by_client_hello(SSL *ssl, int *alert, void *arg)
{
    enum { BEFORE_NAME = 5 };
    const unsigned char *list;
    size_t len;

    (void)alert, (void)arg;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &list, &len) == 1 &&
        len > BEFORE_NAME)
        switch_to(ssl, host_named((const char *)list + BEFORE_NAME, len - BEFORE_NAME));
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* After the servername callback, too, an SSL_CTX may take another one's place: when the application
 * protocol is chosen, or a certificate. */
static int by_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    const struct place *to = arg;

    (void)in_len;
    switch_to(ssl, to->ctx);
    *out = in + 1;
    *out_len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static int by_certificate(SSL *ssl, void *arg)
{
    const struct place *to = arg;

    switch_to(ssl, to->ctx);
    return 1;
}

static size_t build_late(struct place *places)
{
    static struct place real[2];
    SSL_CTX *protocol = server("server-a");
    SSL_CTX *certificate = server("server-a");

    real[0] = (struct place){.ctx = verifying("server-a", DEMAND, "A")};
    real[1] = (struct place){.ctx = verifying("server-b", DEMAND, "B")};
    SSL_CTX_set_alpn_select_cb(protocol, by_protocol, &real[0]);
    SSL_CTX_set_cert_cb(certificate, by_certificate, &real[1]);
    places[0] = (struct place){.name = "protocol", .ctx = protocol};
    places[1] = (struct place){.name = "certificate", .ctx = certificate};
    places[2] = (struct place){.name = "direct-a", .ctx = real[0].ctx};
    places[3] = (struct place){.name = "direct-b", .ctx = real[1].ctx};
    places[4] = (struct place){.name = "open", .ctx = server("server-a")};
    return 5;
}

const struct scene scene_switch_late = {.name = "switch-late",
                                        .build = build_late,
                                        .clients = {"alice", "bob", "nobody"},
                                        .verifies = true,
                                        .short_run = true};

static size_t build_hosts(struct place *places)
{
    static struct place real[2];
    SSL_CTX *first = server("server-a");
    SSL_CTX *early = server("server-a");

    hosts = places;
    real[0] = (struct place){.ctx = verifying("server-a", DEMAND, "A")};
    real[1] = (struct place){.ctx = verifying("server-b", DEMAND, "B")};
    SSL_CTX_set_tlsext_servername_callback(first, by_servername);
    SSL_CTX_set_client_hello_cb(early, by_client_hello, NULL);
    places[0] = (struct place){.name = "default", .ctx = first, .host = "a.example"};
    places[1] =
        (struct place){.name = "host-v", .ctx = first, .host = "v.example", .other = &real[0]};
    places[2] =
        (struct place){.name = "host-w", .ctx = first, .host = "w.example", .other = &real[1]};
    places[3] = (struct place){.name = "early-default", .ctx = early, .host = "a.example"};
    places[4] = (struct place){.name = "early-v", .ctx = early, .host = "v.example"};
    places[5] = (struct place){.name = "early-w", .ctx = early, .host = "w.example"};
    places[6] = (struct place){.name = "direct-v", .ctx = real[0].ctx, .host = "v.example"};
    return 7;
}

/* At a reload the hosts' authority is replaced; the port's own SSL_CTX stays, as in a program that
 * renews certificates while it serves. */
static void replace_host(struct place *places, size_t count)
{
    SSL_CTX *newer = verifying("server-a", DEMAND, "A2");

    SSL_CTX_free(places[1].other->ctx);
    places[1].other->ctx = newer;
    places[count - 1].ctx = newer;
}

const struct scene scene_hosts = {.name = "hosts",
                                  .build = build_hosts,
                                  .clients = {"alice", "alice2", "bob", "nobody"},
                                  .changes = {{"replaced", replace_host, false}},
                                  .verifies = true,
                                  .short_run = true};

/* SSL_dup(3): as many programs as there are make one SSL and hand out copies. */
static SSL *duplicate(struct place *place)
{
    SSL *pattern = SSL_new(place->ctx);
    SSL *copy = SSL_dup(pattern);

    SSL_free(pattern);
    return copy;
}

static SSL *duplicate_after_switch(struct place *place)
{
    SSL *pattern = SSL_new(place->other->ctx);

    must(SSL_set_SSL_CTX(pattern, place->ctx) == place->ctx, "a switch");
    SSL *copy = SSL_dup(pattern);
    SSL_free(pattern);
    return copy;
}

static SSL *cleared(struct place *place)
{
    SSL *ssl = SSL_new(place->ctx);

    SSL_set_accept_state(ssl);
    must(SSL_clear(ssl) == 1, "a second use");
    return ssl;
}

static size_t build_dup(struct place *places)
{
    SSL_CTX *demand = verifying("server-a", DEMAND, "A");
    SSL_CTX *b = verifying("server-b", DEMAND, "B");

    places[0] = (struct place){.name = "plain", .ctx = demand};
    places[1] = (struct place){.name = "dup", .ctx = demand, .accept = duplicate};
    places[2] = (struct place){.name = "b", .ctx = b};
    places[3] = (struct place){.name = "dup-b", .ctx = b, .accept = duplicate};
    places[4] = (struct place){
        .name = "switched-dup", .ctx = b, .accept = duplicate_after_switch, .other = &places[0]};
    places[5] = (struct place){.name = "cleared", .ctx = demand, .accept = cleared};
    return 6;
}

const struct scene scene_dup = {.name = "dup",
                                .build = build_dup,
                                .clients = {"alice", "bob"},
                                .verifies = true,
                                .short_run = true};
