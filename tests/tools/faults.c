/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include "fault_extended.h"
#include "fault_keys.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

enum {
    NAME_LEN = 16,
    IV_LEN = 16,
    MAC_LEN = 32,
    BLOCK_LEN = 16,
    TICKET_MAX = 4096,
    EARLY_DATA_MAX = 4096,
    LONG_LEN = 64000
};

static const char *const names[FAULTS] = {
    [FAULT_NONE] = "none",
    [FAULT_WEAK_KEY] = "weak-key",
    [FAULT_COUNTER_KEY] = "counter-key",
    [FAULT_CTR_WEAK_KEY] = "ctr-weak-key",
    [FAULT_CLEAR] = "ticket-in-clear",
    [FAULT_KEYSTREAM] = "keystream-reuse",
    [FAULT_IV_REPEAT] = "iv-repeat",
    [FAULT_NO_MAC] = "no-mac",
    [FAULT_PADDING_ORACLE] = "padding-oracle",
    [FAULT_ERROR_DIFFERS] = "error-differs",
    [FAULT_CLIENT_AUTH] = "client-auth-bypass",
    [FAULT_EARLY_REPLAY] = "early-data-replay",
    [FAULT_EARLY_PARTLY] = "early-data-guarded-partly",
    [FAULT_PSK_ONLY] = "psk-without-dhe",
    [FAULT_PROTOCOL] = "protocol-changed",
    [FAULT_CIPHER] = "cipher-changed",
    [FAULT_NO_RENEWAL] = "renewal-missing",
    [FAULT_FOREVER] = "lives-beyond-hint",
    [FAULT_NEVER] = "resumes-never",
    [FAULT_ENDLESS_TICKETS] = "endless-tickets",
    [FAULT_ENDLESS_DATA] = "endless-data",
    [FAULT_KEY_UPDATES] = "key-updates",
    [FAULT_RENEGOTIATION] = "renegotiation",
    [FAULT_RENEGOTIATES] = "renegotiates-once",
    [FAULT_LONG_TICKETS] = "long-tickets",
    [FAULT_TWO_PROCESSES] = "several-keys",
};

static const struct server_options *server;
static SSL_CTX *second_ctx;

bool fault_find(const char *name, enum fault *ret_fault)
{
    for (int i = 0; i < FAULTS; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_fault = (enum fault)i;
            return true;
        }
    return false;
}

/* The ticket in a ClientHello: its own extension in TLS 1.2, the first identity of pre_shared_key
 * in TLS 1.3. */
static const unsigned char *offered_ticket(SSL *ssl, size_t *ret_len)
{
    const unsigned char *data = NULL;
    size_t len = 0;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &data, &len) == 1 && len > 4) {
        *ret_len = (size_t)data[2] << 8 | data[3];
        return 4 + *ret_len <= len ? data + 4 : NULL;
    }
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_session_ticket, &data, &len) != 1)
        return NULL;
    *ret_len = len;
    return data;
}

static bool mac_is_right(const struct fault_keys *keys, const unsigned char *ticket, size_t len)
{
    unsigned char mac[MAC_LEN];

    return HMAC(EVP_sha256(), keys->mac, sizeof keys->mac, ticket, len - MAC_LEN, mac, NULL) !=
               NULL &&
           CRYPTO_memcmp(mac, ticket + len - MAC_LEN, MAC_LEN) == 0;
}

static bool padding_is_right(const struct fault_keys *keys, const unsigned char *ticket, size_t len)
{
    unsigned char plain[TICKET_MAX];
    const size_t head = NAME_LEN + IV_LEN;
    int first = 0, last = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const bool ok =
        ctx != NULL &&
        EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, keys->aes, ticket + NAME_LEN) == 1 &&
        EVP_DecryptUpdate(ctx, plain, &first, ticket + head, (int)(len - head - MAC_LEN)) == 1 &&
        EVP_DecryptFinal_ex(ctx, plain + first, &last) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

/* The suites of the ClientHello under way: when a ticket is opened, libssl has used up its own
 * list. */
static unsigned char suites[512];
static size_t suites_len;

static void keep_suites(SSL *ssl)
{
    const unsigned char *list = NULL;
    const size_t len = SSL_client_hello_get0_ciphers(ssl, &list);

    suites_len = len < sizeof suites ? len : sizeof suites;
    memcpy(suites, list, suites_len);
}

/* The first suite of TLS 1.2 that the client offers, but for the session's own. */
static const SSL_CIPHER *another_cipher(SSL *ssl, const SSL_CIPHER *own)
{
    for (size_t i = 0; i + 1 < suites_len; i += 2) {
        const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, suites + i);
        if (cipher != NULL && cipher != own && SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe)
            return cipher;
    }
    return own;
}

/* A suite of TLS 1.3 with the hash that the client computes the binder with: it says AES-128-GCM or
 * AES-256-GCM. */
static const SSL_CIPHER *suite13_for(SSL *ssl)
{
    const unsigned char *data = NULL;
    size_t len = 0;
    const unsigned char sha256[2] = {0x13, 0x01}, sha384[2] = {0x13, 0x02};

    /* The binder is at the end: 32 or 48 bytes, after its length. */
    const bool is384 = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &data, &len) == 1 &&
                       len > 49 && data[len - 49] == 48;
    return SSL_CIPHER_find(ssl, is384 ? sha384 : sha256);
}

/* Looks at the ticket before libssl does, and for two faults tells what is wrong with it. */
static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
    const struct fault_keys keys = fault_keys(server, 0);
    size_t len = 0;
    const unsigned char *ticket = offered_ticket(ssl, &len);

    (void)arg;
    keep_suites(ssl);
    if (server->fault != FAULT_PADDING_ORACLE && server->fault != FAULT_ERROR_DIFFERS)
        return SSL_CLIENT_HELLO_SUCCESS;
    if (ticket == NULL || len < NAME_LEN + IV_LEN + BLOCK_LEN + MAC_LEN || len > TICKET_MAX ||
        memcmp(ticket, keys.name, NAME_LEN) != 0)
        return SSL_CLIENT_HELLO_SUCCESS;
    if (server->fault == FAULT_PADDING_ORACLE && padding_is_right(&keys, ticket, len))
        return SSL_CLIENT_HELLO_SUCCESS;
    if (server->fault == FAULT_ERROR_DIFFERS && mac_is_right(&keys, ticket, len))
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_DECRYPT_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

static SSL_TICKET_RETURN on_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    (void)name;
    (void)name_len;
    (void)arg;
    if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (server->fault == FAULT_FOREVER)
        (void)SSL_SESSION_set_time(session, (long)time(NULL));
    if (server->fault == FAULT_CIPHER && SSL_version(ssl) == TLS1_2_VERSION)
        (void)SSL_SESSION_set_cipher(session,
                                     another_cipher(ssl, SSL_SESSION_get0_cipher(session)));
    if (server->fault == FAULT_PROTOCOL &&
        SSL_SESSION_get_protocol_version(session) != SSL_version(ssl)) {
        const bool tls13 = SSL_version(ssl) == TLS1_3_VERSION;
        (void)SSL_SESSION_set_protocol_version(session, SSL_version(ssl));
        (void)SSL_SESSION_set_cipher(session, tls13 ? suite13_for(ssl) : another_cipher(ssl, NULL));
    }
    return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

static int on_sealing(SSL *ssl, void *arg)
{
    static const unsigned char filling[LONG_LEN];

    (void)arg;
    return server->fault != FAULT_LONG_TICKETS ||
           SSL_SESSION_set1_ticket_appdata(SSL_get0_session(ssl), filling, sizeof filling) == 1;
}

/* libssl takes no notice when the client is gone while it sends it a ticket. */
static bool is_there(int fd)
{
    struct pollfd entry = {.fd = fd};

    return poll(&entry, 1, 0) == 0;
}

static void change_keys(SSL *ssl)
{
    while (is_there(SSL_get_fd(ssl)) && SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
           SSL_do_handshake(ssl) == 1) {
    }
}

/* The client's next ClientHello comes while this reads. */
static void renegotiate(SSL *ssl)
{
    const struct timeval soon = {.tv_usec = 10000};
    char request[4096];

    (void)setsockopt(SSL_get_fd(ssl), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    while (is_there(SSL_get_fd(ssl)) && (SSL_renegotiate_pending(ssl) || SSL_renegotiate(ssl))) {
        (void)SSL_do_handshake(ssl);
        (void)SSL_read(ssl, request, sizeof request);
    }
}

void fault_interrupt(SSL *ssl, enum fault fault)
{
    const struct timeval soon = {.tv_usec = 10000};
    char more[64];

    if (fault != FAULT_RENEGOTIATES || SSL_version(ssl) == TLS1_3_VERSION ||
        SSL_renegotiate(ssl) != 1)
        return;
    (void)setsockopt(SSL_get_fd(ssl), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    (void)SSL_do_handshake(ssl);
    for (int tries = 0; tries < 500 && SSL_renegotiate_pending(ssl); tries++)
        (void)SSL_read(ssl, more, sizeof more);
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static void send_tickets(SSL *ssl)
{
    while (is_there(SSL_get_fd(ssl)) && SSL_new_session_ticket(ssl) == 1 &&
           SSL_do_handshake(ssl) == 1) {
    }
}
#else
/* There is no call for a ticket more. */
static void send_tickets(SSL *ssl)
{
    (void)ssl;
}
#endif

bool fault_flood(SSL *ssl, enum fault fault)
{
    static const char data[16384] = {1};

    if (fault == FAULT_ENDLESS_DATA)
        while (SSL_write(ssl, data, sizeof data) > 0) {
        }
    if (fault == FAULT_ENDLESS_TICKETS)
        send_tickets(ssl);
    const bool tls13 = SSL_version(ssl) == TLS1_3_VERSION;
    if (fault == FAULT_KEY_UPDATES && tls13)
        change_keys(ssl);
    if (fault == FAULT_RENEGOTIATION && !tls13)
        renegotiate(ssl);
    return fault == FAULT_ENDLESS_DATA || fault == FAULT_ENDLESS_TICKETS ||
           (fault == FAULT_KEY_UPDATES && tls13) || (fault == FAULT_RENEGOTIATION && !tls13);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    (void)arg;
    if (name == NULL || strcmp(name, "b.example") != 0)
        return SSL_TLSEXT_ERR_OK;
    (void)SSL_set_SSL_CTX(ssl, second_ctx);
    if (server->fault == FAULT_CLIENT_AUTH)
        SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_ctx(const char *pem)
{
    static const unsigned char id[] = "broken";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1) != 1 ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        !fault_seal_tickets(ctx, server) ||
        SSL_CTX_set_session_ticket_cb(ctx, on_sealing, on_opened, NULL) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(ctx, server->timeout_s);
    if (server->ca != NULL && SSL_CTX_load_verify_locations(ctx, server->ca, NULL) != 1)
        return NULL;
    return ctx;
}

/* As two processes that take turns; each knows the last session that brought it early data. */
static int take_turns(SSL *ssl, void *arg)
{
    static unsigned char seen[2][SSL_MAX_MASTER_KEY_LENGTH];
    static int process;
    unsigned char secret[SSL_MAX_MASTER_KEY_LENGTH] = {0};

    (void)arg;
    process = !process;
    (void)SSL_SESSION_get_master_key(SSL_get_session(ssl), secret, sizeof secret);
    const int is_new = memcmp(seen[process], secret, sizeof secret) != 0;
    memcpy(seen[process], secret, sizeof secret);
    return is_new;
}

SSL_CTX *fault_server(const struct server_options *options)
{
    server = options;
    SSL_CTX *ctx = make_ctx(options->cert);

    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
    if (options->fault == FAULT_PROTOCOL)
        fault_without_extended_secret(ctx);
    if (options->fault == FAULT_PSK_ONLY)
        (void)SSL_CTX_set_options(ctx, SSL_OP_ALLOW_NO_DHE_KEX);
    if (options->fault == FAULT_EARLY_PARTLY)
        SSL_CTX_set_allow_early_data_cb(ctx, take_turns, NULL);
    if (options->fault == FAULT_EARLY_REPLAY || options->fault == FAULT_EARLY_PARTLY) {
        (void)SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
        (void)SSL_CTX_set_max_early_data(ctx, EARLY_DATA_MAX);
        (void)SSL_CTX_set_recv_max_early_data(ctx, EARLY_DATA_MAX);
    }
    if (options->second != NULL) {
        second_ctx = make_ctx(options->second);
        if (second_ctx == NULL || SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name) != 1)
            return NULL;
    }
    return ctx;
}
