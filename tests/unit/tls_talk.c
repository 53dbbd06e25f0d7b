/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_talk.h"

#include "tls_certs.h"
#include "tls_wire.h"

#include <string.h>

#include <openssl/err.h>

enum {
    ROUNDS_MAX = 200,
    HANDSHAKE_HEADER = 4,
    DTLS_HANDSHAKE_HEADER = 12,
    LIFETIME_LEN = 4,
    AGE_ADD_LEN = 4
};

/* What is left of a message. Reading beyond its end gives zeros. */
struct message {
    const uint8_t *at;
    size_t len;
};

static void skip(struct message *message, size_t len)
{
    const size_t skipped = len < message->len ? len : message->len;

    message->at += skipped;
    message->len -= skipped;
}

static uint32_t read_number(struct message *message, size_t len)
{
    uint32_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | (i < message->len ? message->at[i] : 0);
    skip(message, len);
    return number;
}

/* RFC 5077 section 3.3; RFC 9846 section 4.6.1. */
static void see_ticket(struct tls_visit *visit, int version, const uint8_t *bytes, size_t len)
{
    struct message message = {bytes, len};
    struct tls_ticket ticket = {0};

    skip(&message, version == DTLS1_2_VERSION ? DTLS_HANDSHAKE_HEADER : HANDSHAKE_HEADER);
    ticket.lifetime_s = read_number(&message, LIFETIME_LEN);
    if (version == TLS1_3_VERSION) {
        skip(&message, AGE_ADD_LEN);
        skip(&message, read_number(&message, 1));
    }
    ticket.len = read_number(&message, 2);
    if (ticket.len < sizeof ticket.name + sizeof ticket.iv || message.len < ticket.len)
        return;
    memcpy(ticket.name, message.at, sizeof ticket.name);
    memcpy(ticket.iv, message.at + sizeof ticket.name, sizeof ticket.iv);
    if (visit->ticket_count < TLS_TICKETS_SEEN_MAX)
        visit->tickets[visit->ticket_count] = ticket;
    visit->ticket_count++;
}

/* SSL_CTX_set_msg_callback(3), for both sides. */
static void see_message(int written, int version, int type, const void *bytes, size_t len, SSL *ssl,
                        void *arg)
{
    const uint8_t *first = bytes;
    struct tls_visit *visit = arg;

    (void)version;
    if (type == SSL3_RT_ALERT && len == 2 && written) {
        visit->alerts++;
        visit->alert = first[1];
    }
    if (type == SSL3_RT_HANDSHAKE && len > 0 && first[0] == SSL3_MT_NEWSESSION_TICKET && !written)
        see_ticket(visit, SSL_version(ssl), bytes, len);
}

static SSL *new_side(SSL_CTX *ctx, SSL *given, struct tls_visit *visit)
{
    SSL *ssl = given != NULL ? given : SSL_new(ctx);

    if (ssl != NULL) {
        SSL_set_msg_callback(ssl, see_message);
        SSL_set_msg_callback_arg(ssl, visit);
    }
    return ssl;
}

static bool prepare_client(SSL *ssl, const struct tls_call *call)
{
    SSL_set_connect_state(ssl);
    if (call->server_name != NULL && SSL_set_tlsext_host_name(ssl, call->server_name) != 1)
        return false;
    if (call->session != NULL && SSL_set_session(ssl, call->session) != 1)
        return false;
    return call->cert == NULL || (SSL_use_certificate(ssl, call->cert) == 1 &&
                                  SSL_use_PrivateKey(ssl, tls_key(TLS_KEY_EC)) == 1);
}

/* Returns whether the side is done, or may go on when the other one has answered; *ret_done says
 * which. */
static bool step(SSL *ssl, bool *ret_done)
{
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    const int reason = SSL_get_error(ssl, result);

    *ret_done = result == 1;
    return result == 1 || reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static bool shake_hands(SSL *client, SSL *server, struct tls_visit *visit)
{
    bool client_done = false;
    bool server_done = false;

    for (int round = 0; round < ROUNDS_MAX && !(client_done && server_done); round++) {
        const bool client_goes_on = step(client, &client_done);
        const bool server_goes_on = step(server, &server_done);
        if (visit->error == 0)
            visit->error = ERR_peek_error();
        if (!client_goes_on || !server_goes_on) {
            (void)step(client, &client_done); /* reads the alert */
            return false;
        }
    }
    return client_done && server_done;
}

/* In TLS 1.3 tickets arrive after the handshake, before the first data. */
static bool exchange_bytes(SSL *client, SSL *server)
{
    char byte = '?';

    ERR_clear_error();
    return SSL_write(server, "!", 1) == 1 && SSL_read(client, &byte, 1) == 1 && byte == '!' &&
           SSL_write(client, "?", 1) == 1 && SSL_read(server, &byte, 1) == 1 && byte == '?';
}

static SSL_SESSION *take_session(SSL *client)
{
    SSL_SESSION *session = SSL_get1_session(client);

    if (session != NULL && SSL_SESSION_is_resumable(session))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

void tls_talk(SSL_CTX *client_ctx, SSL_CTX *server_ctx, const struct tls_call *call,
              struct tls_visit *ret_visit)
{
    struct tls_visit visit = {0};
    SSL *client = new_side(client_ctx, NULL, &visit);
    SSL *server = new_side(server_ctx, call->server, &visit);

    if (client != NULL && server != NULL && prepare_client(client, call)) {
        SSL_set_accept_state(server);
        tls_wire_join(client, server, SSL_is_dtls(client));
        visit.done = shake_hands(client, server, &visit) && exchange_bytes(client, server);
        visit.resumed = SSL_session_reused(client) == 1 && SSL_session_reused(server) == 1;
        visit.session = visit.done ? take_session(client) : NULL;
        /* An orderly end: the session stays good. */
        SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_set_shutdown(server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(client);
    SSL_free(server);
    *ret_visit = visit;
}
