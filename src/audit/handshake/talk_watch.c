/* SPDX-License-Identifier: Apache-2.0 */
/* What libssl's callbacks show of a handshake: its messages, alerts, and sessions with tickets. */
#include "audit/handshake/talk_watch.h"

#include "audit/handshake/talk.h"
#include "audit/handshake/wire.h"

#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
    MESSAGE_CLIENT_HELLO = 1,
    MESSAGE_SERVER_HELLO = 2,
    MESSAGE_NEW_TICKET = 4,
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_CERTIFICATE_REQUEST = 13,
    EMPTY_CERTIFICATE_LEN = 8 /* of the message, header and all, at most */
};

static struct stek_audit_talk *talk_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static void see_server_hello(struct stek_audit_talk *talk, const uint8_t *message, size_t len)
{
    struct stek_audit_handshake *shake = &talk->shake;
    struct stek_audit_server_hello hello;

    if (!stek_audit_read_server_hello(message, len, &hello) || hello.retry)
        return;
    shake->version = hello.version;
    shake->cipher = hello.cipher;
    if (shake->ticket == STEK_AUDIT_NONE)
        shake->resumed = false;
    else if (hello.version >= STEK_AUDIT_TLS13)
        shake->resumed = hello.psk;
    else /* RFC 5077 section 3.4: the server echoes the session id that came with the ticket it
            takes */
        shake->resumed = hello.sid_len > 0 && hello.sid_len == talk->sid_len &&
                         memcmp(hello.sid, talk->sid, hello.sid_len) == 0;
    shake->dhe = hello.version >= STEK_AUDIT_TLS13 && hello.key_share;
}

static void see_new_ticket(struct stek_audit_talk *talk, const uint8_t *message, size_t len)
{
    struct stek_audit_new_ticket ticket;

    if (!stek_audit_read_new_ticket(message, len, talk->shake.version, &ticket) ||
        ticket.ticket_len == 0)
        return;
    talk->shake.tickets++;
    talk->nonce_len = ticket.nonce_len;
    if (ticket.nonce_len > 0)
        memcpy(talk->nonce, ticket.nonce, ticket.nonce_len);
    talk->ticket12 = talk->ticket12 || talk->shake.version < STEK_AUDIT_TLS13;
}

static void see_certificate(struct stek_audit_talk *talk, const SSL *ssl)
{
    struct stek_audit_handshake *shake = &talk->shake;
    X509 *cert = SSL_get0_peer_certificate(ssl);
    const char *name = shake->sni[0] != '\0' ? shake->sni : talk->target->host;
    unsigned char address[16];
    unsigned len = sizeof shake->cert_sha256;

    if (cert == NULL || X509_digest(cert, EVP_sha256(), shake->cert_sha256, &len) != 1)
        return;
    shake->cert_seen = true;
    const bool is_address =
        inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    shake->cert_fits = (is_address ? X509_check_ip_asc(cert, name, 0)
                                   : X509_check_host(cert, name, 0, 0, NULL)) == 1;
    shake->cert_trusted = SSL_get_verify_result(ssl) == X509_V_OK;
}

static void see_message(int written, int version, int type, const void *bytes, size_t len, SSL *ssl,
                        void *arg)
{
    struct stek_audit_talk *talk = talk_of(ssl);
    const uint8_t *message = bytes;
    const bool again = talk != NULL && talk->shake.finished; /* a renegotiation, of TLS 1.2 */

    (void)version;
    (void)arg;
    if (talk == NULL || type != SSL3_RT_HANDSHAKE || len < 4)
        return;
    if (written && message[0] == MESSAGE_CLIENT_HELLO)
        (void)stek_audit_read_client_sid(message, len, talk->sid, &talk->sid_len);
    else if (written && message[0] == MESSAGE_CERTIFICATE)
        talk->shake.cert_sent = len > EMPTY_CERTIFICATE_LEN;
    else if (!written && message[0] == MESSAGE_SERVER_HELLO && !again)
        see_server_hello(talk, message, len);
    else if (!written && message[0] == MESSAGE_NEW_TICKET)
        see_new_ticket(talk, message, len);
    else if (!written && message[0] == MESSAGE_CERTIFICATE_REQUEST)
        talk->shake.cert_requested = true;
}

/* A fresh share in TLS 1.2 is a matter of the suite (RFC 5246 section 7.4.3). */
static void see_key_exchange(struct stek_audit_talk *talk, const SSL *ssl)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    const int kx = cipher != NULL ? SSL_CIPHER_get_kx_nid(cipher) : NID_undef;

    if (talk->shake.version < STEK_AUDIT_TLS13)
        talk->shake.dhe = !talk->shake.resumed && (kx == NID_kx_ecdhe || kx == NID_kx_dhe);
}

static void see_state(const SSL *ssl, int where, int ret)
{
    struct stek_audit_talk *talk = talk_of(ssl);

    if (talk == NULL)
        return;
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && ret >> 8 == SSL3_AL_FATAL)
        talk->shake.alert = (uint8_t)ret;
    if ((where & SSL_CB_HANDSHAKE_DONE) == 0 || talk->shake.finished)
        return;
    see_key_exchange(talk, ssl);
    if (!talk->shake.resumed)
        see_certificate(talk, ssl);
}

static int see_session(SSL *ssl, SSL_SESSION *session)
{
    struct stek_audit_talk *talk = talk_of(ssl);

    if (talk != NULL && SSL_version(ssl) >= TLS1_3_VERSION)
        stek_audit_talk_keep(talk, session);
    return 0; /* libssl keeps its reference */
}

static bool encode_session(SSL_SESSION *session, struct stek_audit_ticket *ticket)
{
    const int len = i2d_SSL_SESSION(session, NULL);
    uint8_t *at;

    if (len <= 0)
        return false;
    ticket->session = at = malloc((size_t)len);
    if (ticket->session == NULL)
        return false;
    ticket->session_len = (size_t)i2d_SSL_SESSION(session, &at);
    return true;
}

static bool fill_ticket(const struct stek_audit_talk *talk, SSL_SESSION *session,
                        struct stek_audit_ticket *ticket)
{
    const unsigned char *bytes = NULL;
    const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);

    SSL_SESSION_get0_ticket(session, &bytes, &ticket->len);
    ticket->target = talk->shake.target;
    memcpy(ticket->sni, talk->shake.sni, sizeof ticket->sni);
    ticket->received = stek_audit_now();
    ticket->version = (uint16_t)SSL_SESSION_get_protocol_version(session);
    ticket->cipher = cipher != NULL ? SSL_CIPHER_get_protocol_id(cipher) : 0;
    ticket->hint_s = (uint32_t)SSL_SESSION_get_ticket_lifetime_hint(session);
    ticket->max_early_data = SSL_SESSION_get_max_early_data(session);
    ticket->cert_sent = talk->shake.cert_sent;
    ticket->nonce_len = ticket->version >= STEK_AUDIT_TLS13 ? talk->nonce_len : 0;
    memcpy(ticket->nonce, talk->nonce, ticket->nonce_len);
    ticket->secret_len =
        (uint8_t)SSL_SESSION_get_master_key(session, ticket->secret, sizeof ticket->secret);
    ticket->bytes = ticket->len > 0 ? malloc(ticket->len) : NULL;
    if (ticket->bytes == NULL)
        return false;
    memcpy(ticket->bytes, bytes, ticket->len);
    return encode_session(session, ticket);
}

void stek_audit_talk_keep(struct stek_audit_talk *talk, SSL_SESSION *session)
{
    if (!SSL_SESSION_has_ticket(session) || talk->tickets_len == STEK_AUDIT_TALK_TICKETS_MAX ||
        i2d_SSL_SESSION(session, NULL) > STEK_AUDIT_SESSION_LEN_MAX)
        return;
    talk->out_of_memory =
        !fill_ticket(talk, session, &talk->tickets[talk->tickets_len]) || talk->out_of_memory;
    talk->tickets_len++;
}

void stek_audit_talk_watch(SSL_CTX *ctx)
{
    SSL_CTX_set_msg_callback(ctx, see_message);
    SSL_CTX_set_info_callback(ctx, see_state);
    SSL_CTX_sess_set_new_cb(ctx, see_session);
}
