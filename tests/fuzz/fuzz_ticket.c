/* SPDX-License-Identifier: Apache-2.0 */
/* A ClientHello with arbitrary bytes for a ticket: the server never resumes it, never ends the
 * handshake for it. */
#include "driver/fuzz.h"

#include "ringfile/ring.h"
#include "tls/ossl.h"

#include <stdlib.h>
#include <string.h>

static SSL_CTX *server_ctx;
static SSL_CTX *client_ctx;
static uint8_t live_name[STEK_NAME_LEN];

static SSL_CTX *new_ctx(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    FUZZ_MUST(ctx != NULL && SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1);
    FUZZ_MUST(SSL_CTX_set_cipher_list(ctx, "PSK:@SECLEVEL=0") == 1);
    return ctx;
}

static unsigned int server_psk(SSL *ssl, const char *identity, unsigned char *psk,
                               unsigned int max_len)
{
    (void)ssl, (void)identity;
    memset(psk, 'k', 16);
    return max_len < 16 ? 0 : 16;
}

static unsigned int client_psk(SSL *ssl, const char *hint, char *identity,
                               unsigned int max_identity_len, unsigned char *psk,
                               unsigned int max_len)
{
    (void)hint;
    FUZZ_MUST(max_identity_len > 1);
    memcpy(identity, "i", 2);
    return server_psk(ssl, identity, psk, max_len);
}

/* One server for all runs. PSK key exchange keeps a handshake cheap: tickets do not care. */
static void set_up(void)
{
    static const struct stek_attach_options options = {.context = "fuzz", .override = 1};
    static const struct stek_context context = {4, "fuzz"};
    struct stek_seal_key key;
    struct stek_ring *ring;

    FUZZ_MUST(stek_ring_new(NULL, &ring) == STEK_OK);
    server_ctx = new_ctx(TLS_server_method());
    client_ctx = new_ctx(TLS_client_method());
    SSL_CTX_set_psk_server_callback(server_ctx, server_psk);
    SSL_CTX_set_psk_client_callback(client_ctx, client_psk);
    FUZZ_MUST(stek_attach(server_ctx, ring, &options) == STEK_OK);
    FUZZ_MUST(stek_ring_seal(ring, stek_ring_keys(ring, &context), stek_ring_now(ring), &key));
    memcpy(live_name, key.key.name, sizeof live_name);
    stek_ring_free(ring);
}

/* Shakes hands in memory; returns whether that worked. */
static int shake_hands(SSL *client, SSL *server)
{
    for (int flight = 0; flight < 8; flight++) {
        const int client_done = SSL_do_handshake(client) == 1;
        const int server_done = SSL_do_handshake(server) == 1;
        if (client_done && server_done)
            return 1;
    }
    return 0;
}

static void offer(uint8_t *ticket, size_t len)
{
    SSL *client = SSL_new(client_ctx);
    SSL *server = SSL_new(server_ctx);
    BIO *client_end, *server_end;

    FUZZ_MUST(client != NULL && server != NULL &&
              BIO_new_bio_pair(&client_end, 1 << 18, &server_end, 1 << 18) == 1);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    FUZZ_MUST(SSL_set_session_ticket_ext(client, ticket, (int)len) == 1);
    FUZZ_MUST(shake_hands(client, server));
    FUZZ_MUST(!SSL_session_reused(server));
    SSL_free(client);
    SSL_free(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 ||
        size > 65000) /* an empty ticket is none: libssl's client then sends no extension */
        return 0;
    if (server_ctx == NULL)
        set_up();
    uint8_t *ticket = malloc(size);
    FUZZ_MUST(ticket != NULL);
    memcpy(ticket, data + 1, size - 1);
    if ((data[0] & 1) != 0 &&
        size > sizeof live_name) /* half of the inputs under a name that is known */
        memcpy(ticket, live_name, sizeof live_name);
    offer(ticket, size - 1);
    free(ticket);
    return 0;
}
