/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of the same names, of which one demands more than the other: stek shares tickets there,
 * and what a full handshake would refuse must not come by ticket. */
#include "cases.h"

#include <stdio.h>

static const char lax[] = "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";
static const char strict[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

enum { STRICT_BITS = 256 };

static int allow_strict_only(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                             void *other, void *ex)
{
    (void)ssl, (void)ctx, (void)nid, (void)other, (void)ex;
    return op != SSL_SECOP_CIPHER_SHARED || bits == STRICT_BITS;
}

static bool security_allows(const SSL *server, const SSL_CIPHER *cipher)
{
    return SSL_get_security_callback(server) != allow_strict_only ||
           SSL_CIPHER_get_bits(cipher, NULL) == STRICT_BITS;
}

/* Before TLS 1.3, whether a full handshake could have chosen this cipher. */
static void tell_cipher(SSL *server, char *text, size_t len)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(server);
    const bool allowed = SSL_version(server) == TLS1_3_VERSION ||
                         (sk_SSL_CIPHER_find(SSL_get_ciphers(server), cipher) >= 0 &&
                          security_allows(server, cipher));

    (void)snprintf(text, len, "cipher %s", allowed ? "allowed" : "not allowed");
}

static SSL_CTX *with_ciphers(const char *ciphers)
{
    SSL_CTX *ctx = server("server-a");

    must(SSL_CTX_set_cipher_list(ctx, ciphers) == 1, "ciphers");
    return ctx;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int take_ciphers_away(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    must(SSL_set_cipher_list(ssl, strict) == 1, "ciphers of the SSL");
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *strict_late(void)
{
    SSL_CTX *ctx = server("server-a");

    SSL_CTX_set_tlsext_servername_callback(ctx, take_ciphers_away);
    return ctx;
}

static SSL_CTX *strict_by_callback(void)
{
    SSL_CTX *ctx = server("server-a");

    SSL_CTX_set_security_callback(ctx, allow_strict_only);
    /* In the place of stek's, which would see that a session id may resume, and have it counted. */
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

/* RFC 7627 section 5.3: libssl ends such a resumption. */
static SSL_CTX *without_extended_master_secret(void)
{
    SSL_CTX *ctx = server("server-a");

#ifdef SSL_OP_NO_EXTENDED_MASTER_SECRET
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
#endif
    return ctx;
}

static size_t build_ciphers(struct place *places)
{
    const struct place all[] = {
        {.name = "any", .ctx = server("server-a")},
        {.name = "lax", .ctx = with_ciphers(lax)},
        {.name = "strict", .ctx = with_ciphers(strict)},
        {.name = "strict-again", .ctx = with_ciphers(strict)},
        {.name = "strict-by-callback", .ctx = strict_by_callback()},
        {.name = "strict-late", .ctx = strict_late()},
        {.name = "no-ems", .ctx = without_extended_master_secret()},
    };
    const size_t count = sizeof all / sizeof *all;

    for (size_t i = 0; i < count; i++) {
        places[i] = all[i];
        places[i].names = "a";
        places[i].tell = tell_cipher;
    }
    return count;
}

const struct scene scene_ciphers = {
    .name = "ciphers", .build = build_ciphers, .clients = {"nobody"}, .short_run = true};

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int demand_by_servername(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    SSL_set_verify(ssl, DEMAND, NULL);
    return SSL_TLSEXT_ERR_OK;
}

static int demand_by_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                              const unsigned char *in, unsigned in_len, void *arg)
{
    (void)in_len, (void)arg;
    SSL_set_verify(ssl, DEMAND, NULL);
    *out = in + 1;
    *out_len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static size_t build_open(struct place *places)
{
    places[0] = (struct place){.name = "open", .names = "a", .ctx = server("server-a")};
    return 1;
}

/* A reload: from then on certificates are demanded, which shows when the ticket has opened. The
 * SSL_CTX before stays, as in a server that finishes what it has begun. */
static void demand_late(struct place *places, void (*demand)(SSL_CTX *ctx))
{
    SSL_CTX *newer = server("server-a");

    trust(newer, "A");
    demand(newer);
    places[0].ctx = newer;
}

static void set_servername(SSL_CTX *ctx)
{
    SSL_CTX_set_tlsext_servername_callback(ctx, demand_by_servername);
}

static void set_protocol(SSL_CTX *ctx)
{
    SSL_CTX_set_alpn_select_cb(ctx, demand_by_protocol, NULL);
}

static void reload_servername(struct place *places, size_t count)
{
    (void)count;
    demand_late(places, set_servername);
}

static void reload_protocol(struct place *places, size_t count)
{
    (void)count;
    demand_late(places, set_protocol);
}

const struct scene scene_demand_servername = {.name = "demand-servername",
                                              .build = build_open,
                                              .clients = {"alice", "nobody"},
                                              .changes = {{"reload", reload_servername, false}},
                                              .short_run = true};

const struct scene scene_demand_protocol = {.name = "demand-protocol",
                                            .build = build_open,
                                            .clients = {"nobody", "alice"},
                                            .changes = {{"reload", reload_protocol, false}},
                                            .short_run = true};
