/* SPDX-License-Identifier: Apache-2.0 */
/* One connection in memory, and what was seen of it. */
#include "cases.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <string.h>

enum { ROUNDS_MAX = 50 };

/* Whether the side may go on; *ret_done: it has finished. */
static bool step(SSL *ssl, bool *ret_done, char *why, size_t len)
{
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    const int problem = SSL_get_error(ssl, result);
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    *ret_done = result == 1;
    if (result == 1 || problem == SSL_ERROR_WANT_READ || problem == SSL_ERROR_WANT_WRITE)
        return true;
    (void)snprintf(why, len, "%s", reason != NULL ? reason : "closed");
    return false;
}

static bool shake_hands(SSL *client, SSL *server, char *why, size_t len)
{
    bool client_done = false;
    bool server_done = false;

    for (int i = 0; i < ROUNDS_MAX && !(client_done && server_done); i++)
        if (!step(client, &client_done, why, len) || !step(server, &server_done, why, len))
            return false;
    return client_done && server_done;
}

/* In TLS 1.3 tickets arrive after the handshake. */
static bool exchange_bytes(SSL *client, SSL *server)
{
    char byte = '?';

    ERR_clear_error();
    return SSL_write(client, "?", 1) == 1 && SSL_read(server, &byte, 1) == 1 &&
           SSL_write(server, "!", 1) == 1 && SSL_read(client, &byte, 1) == 1 && byte == '!';
}

static void add_raw_key(SSL *server, char *text, size_t len)
{
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
    unsigned char *der = NULL;
    EVP_PKEY *key = SSL_get0_peer_rpk(server);
    const int der_len = key != NULL ? i2d_PUBKEY(key, &der) : 0;

    if (der_len > 4)
        (void)snprintf(text + strlen(text), len - strlen(text), " raw %02x%02x%02x%02x",
                       der[der_len - 4], der[der_len - 3], der[der_len - 2], der[der_len - 1]);
    OPENSSL_free(der);
#else
    (void)server, (void)text, (void)len;
#endif
}

/* What the server takes its peer for. */
static void answer(struct place *place, SSL *server, char *text, size_t len)
{
    char name[64] = "nobody";
    char more[64] = "";
    const X509 *cert = SSL_get0_peer_certificate(server);
    const char *identity = SSL_get_psk_identity(server);

    if (cert != NULL)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name,
                                        sizeof name);
    if (place->tell != NULL)
        place->tell(server, more, sizeof more);
    (void)snprintf(text, len, "%s verify=%ld psk=%s %s", name, SSL_get_verify_result(server),
                   identity != NULL ? identity : "", more);
    add_raw_key(server, text, len);
}

/* Whether the session has a ticket that is not the one that was offered. */
static bool has_new_ticket(const SSL_SESSION *session, const struct session *offered)
{
    const unsigned char *ticket;
    size_t len;

    SSL_SESSION_get0_ticket(session, &ticket, &len);
    return len > 0 &&
           (offered == NULL || memmem(offered->bytes, (size_t)offered->len, ticket, len) == NULL);
}

static void keep(SSL *client, const struct session *offered, struct session *ret_session,
                 unsigned long *ret_hint_s)
{
    SSL_SESSION *session = SSL_get1_session(client);

    *ret_hint_s = session != NULL && has_new_ticket(session, offered)
                      ? SSL_SESSION_get_ticket_lifetime_hint(session)
                      : 0;
    if (session != NULL && SSL_SESSION_is_resumable(session))
        ret_session->len = i2d_SSL_SESSION(session, &ret_session->bytes);
    SSL_SESSION_free(session);
}

/* In TLS 1.3 a session id is a ticket as well, of a server that wants no others. */
static bool resumed_by_id(const SSL *server, const struct session *offered)
{
    const unsigned char *at = offered->bytes;
    SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, offered->len);
    const bool by_id = SSL_version(server) == TLS1_3_VERSION
                           ? (SSL_get_options(server) & SSL_OP_NO_TICKET) != 0
                           : SSL_SESSION_has_ticket(session) == 0;

    SSL_SESSION_free(session);
    return by_id && SSL_get_state(server) == TLS_ST_OK;
}

static void join(SSL *client, SSL *server)
{
    BIO *client_end = NULL;
    BIO *server_end = NULL;

    must(BIO_new_bio_pair(&client_end, 0, &server_end, 0) == 1, "a wire");
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_accept_state(server);
}

struct seen talk(const struct client *client, const struct mechanism *mechanism,
                 struct place *place, bool shows_itself, const struct session *session,
                 struct session *ret_session)
{
    struct seen seen = {.refused = ""};
    SSL *to = client_side(client, mechanism, place, shows_itself, session);
    SSL *from = place->accept != NULL ? place->accept(place) : SSL_new(place->ctx);

    must(from != NULL, "a server's side");
    join(to, from);
    *ret_session = (struct session){NULL, 0};
    bool ok = shake_hands(to, from, seen.refused, sizeof seen.refused) &&
              (place->after == NULL || place->after(to, from)) && exchange_bytes(to, from);
    if (ok)
        keep(to, session, ret_session, &seen.hint_s);
    else if (seen.refused[0] == '\0')
        (void)snprintf(seen.refused, sizeof seen.refused, "no bytes");
    seen.resumed = SSL_session_reused(from) == 1 && session != NULL && SSL_session_reused(to) == 1;
    seen.by_id = seen.resumed && resumed_by_id(from, session);
    if (ok)
        answer(place, from, seen.answer, sizeof seen.answer);
    /* An orderly end, after which the session stays good. */
    SSL_set_shutdown(to, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(from, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(to);
    SSL_free(from);
    ERR_clear_error();
    return seen;
}
