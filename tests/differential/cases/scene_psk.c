/* SPDX-License-Identifier: Apache-2.0 */
/* Clients who are known by a pre-shared key. */
#include "cases.h"

#include <string.h>

/* Each server knows one identity. */
static const char *identity_of(const SSL *ssl)
{
    const char *known = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    return known;
}

static unsigned int know(SSL *ssl, const char *identity, unsigned char *key, unsigned int room)
{
    if (identity == NULL || room < PSK_LEN || strcmp(identity, identity_of(ssl)) != 0)
        return 0;
    psk_of(identity, key);
    return PSK_LEN;
}

static int find(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
    const char *known = identity_of(ssl);

    *session = NULL;
    if (len == strlen(known) && memcmp(identity, known, len) == 0)
        *session = psk_session(ssl, known);
    return 1;
}

static SSL_CTX *knowing(const char *certificate, const char *identity)
{
    SSL_CTX *ctx = server(certificate);

    SSL_CTX_set_app_data(ctx, (void *)(uintptr_t)identity);
    SSL_CTX_set_psk_server_callback(ctx, know);
    SSL_CTX_set_psk_find_session_callback(ctx, find);
    return ctx;
}

static size_t build(struct place *places)
{
    places[0] = (struct place){.name = "bare-alice", .ctx = knowing(NULL, "alice")};
    places[1] = (struct place){.name = "bare-alice-too", .ctx = knowing(NULL, "alice")};
    places[2] = (struct place){.name = "bare-bob", .ctx = knowing(NULL, "bob")};
    return 3;
}

const struct scene scene_psk = {.name = "psk",
                                .build = build,
                                .clients = {"psk-alice", "psk-bob"},
                                .verifies = true,
                                .short_run = true};

/* Servers with certificates, of which some know keys as well: who has none is served all the same.
 */
static size_t build_beside(struct place *places)
{
    places[0] = (struct place){.name = "alice", .ctx = knowing("server-a", "alice")};
    places[1] = (struct place){.name = "bob", .ctx = knowing("server-a", "bob")};
    places[2] = (struct place){.name = "open", .ctx = server("server-a")};
    places[3] = (struct place){.name = "demand", .ctx = verifying("server-a", DEMAND, "A")};
    return 4;
}

const struct scene scene_psk_beside = {.name = "psk-beside",
                                       .build = build_beside,
                                       .clients = {"psk-alice", "psk-bob", "nobody", "alice"},
                                       .verifies = true,
                                       .short_run = true};
