/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/talk.h"

#include "audit/handshake/dial.h"
#include "audit/handshake/session_edit.h"
#include "crypto/wipe.h"

#include <openssl/err.h>

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HANG_UP_MS = 700, /* how long tickets may take to come after a handshake with nothing to say */
    EARLY_ANSWER_MS = 1500, /* how long to wait for the answer to a request that was early data: it
                               may be left unread. */
    REQUEST_LEN_MAX = 512,
    KEPT_OF_A_FLOOD = 2,     /* tickets: as many as most servers send */
    LONG_LIFE_S = 0x7fffffff /* lets libssl offer a ticket whose lifetime has passed */
};

static void free_wiped(uint8_t *at, size_t len)
{
    if (at != NULL)
        stek_wipe(at, len);
    free(at);
}

/* The session of a ticket as it is to be offered; NULL with *ret_result. The caller frees it. */
static SSL_SESSION *session_to_offer(const struct stek_audit_ticket *ticket,
                                     const struct stek_audit_ask *ask, enum stek_result *ret_result)
{
    const struct stek_audit_edit edit = {
        .ticket = ask->in_place,
        .ticket_len = ask->in_place_len,
        .hint_s = LONG_LIFE_S,
        .version = ask->fake_cipher != 0 ? ask->version : 0,
        .cipher = ask->fake_cipher,
    };
    uint8_t *der = NULL;
    size_t len = 0;

    *ret_result = stek_audit_session_edit(ticket->session, ticket->session_len, &edit, &der, &len);
    if (*ret_result != STEK_OK)
        return NULL;
    const uint8_t *at = der;
    SSL_SESSION *session = d2i_SSL_SESSION(NULL, &at, (long)len);
    free_wiped(der, len);
    if (session == NULL)
        *ret_result = STEK_ERR_FORMAT;
    return session;
}

static enum stek_result make_ssl(struct stek_audit_talk *talk,
                                 const struct stek_audit_observation *obs,
                                 const struct stek_audit_ask *ask)
{
    SSL_CTX *ctx = stek_audit_client_ctx(talk->client, ask->version, !ask->without_cert);
    enum stek_result result = STEK_OK;

    talk->ssl = SSL_new(ctx);
    if (talk->ssl == NULL)
        return STEK_ERR_MEMORY;
    (void)SSL_set_app_data(talk->ssl, talk);
    SSL_set_connect_state(talk->ssl);
    if (talk->shake.sni[0] != '\0' && SSL_set_tlsext_host_name(talk->ssl, talk->shake.sni) != 1)
        return STEK_ERR_CRYPTO;
    if (ask->ciphers != NULL && SSL_set_cipher_list(talk->ssl, ask->ciphers) != 1)
        return STEK_ERR_CRYPTO;
    if (ask->ticket == STEK_AUDIT_NONE)
        return STEK_OK;
    SSL_SESSION *session = session_to_offer(&obs->tickets[ask->ticket], ask, &result);
    if (session != NULL && SSL_set_session(talk->ssl, session) != 1)
        result = STEK_ERR_CRYPTO;
    SSL_SESSION_free(session);
    return result;
}

enum stek_result stek_audit_talk_begin(struct stek_audit_talk *talk,
                                       struct stek_audit_client *client,
                                       struct stek_audit_observation *obs,
                                       const struct stek_audit_ask *ask)
{
    memset(talk, 0, sizeof *talk);
    talk->fd = -1;
    talk->client = client;
    talk->target = &obs->targets[ask->target];
    talk->shake.purpose = ask->purpose;
    talk->shake.target = ask->target;
    talk->shake.ticket = ask->ticket;
    talk->shake.version_offered = ask->version;
    talk->shake.flip_at = ask->flip_at;
    talk->shake.at = stek_audit_now();
    (void)snprintf(talk->shake.sni, sizeof talk->shake.sni, "%s",
                   ask->sni != NULL ? ask->sni : talk->target->sni);
    talk->started_ms = stek_audit_now_ms();
    talk->deadline_ms = talk->started_ms + client->settings.timeout_ms;
    const enum stek_result result = make_ssl(talk, obs, ask);
    ERR_clear_error();
    return result;
}

bool stek_audit_talk_dial(struct stek_audit_talk *talk)
{
    struct stek_audit_handshake *shake = &talk->shake;

    talk->started_ms = stek_audit_now_ms();
    talk->deadline_ms = talk->started_ms + talk->client->settings.timeout_ms;
    talk->fd = stek_audit_dial(talk->target, talk->deadline_ms, &talk->client->stop, shake->problem,
                               sizeof shake->problem);
    if (talk->fd >= 0 &&
        stek_audit_starttls(talk->fd, talk->client->settings.starttls, talk->deadline_ms,
                            &talk->client->stop, shake->problem, sizeof shake->problem))
        return true;
    shake->outcome = STEK_AUDIT_UNREACHABLE;
    return false;
}

/* Why libssl gave up. The server's alert counts most; talk_watch.c has noted its number. */
static void note_failure(struct stek_audit_talk *talk, int error)
{
    const unsigned long code = ERR_peek_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    struct stek_audit_handshake *shake = &talk->shake;

    if (shake->alert != 0)
        shake->outcome = STEK_AUDIT_ALERT;
    else if (error == SSL_ERROR_SSL && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        shake->outcome = STEK_AUDIT_REJECTED;
    else
        shake->outcome = STEK_AUDIT_CLOSED;
    if (reason != NULL)
        (void)snprintf(shake->problem, sizeof shake->problem, "%s", reason);
    ERR_clear_error();
}

static bool has_enough_tickets(const struct stek_audit_talk *talk)
{
    return talk->shake.tickets > STEK_AUDIT_TALK_TICKETS_MAX;
}

static bool is_over(const struct stek_audit_talk *talk)
{
    return has_enough_tickets(talk) || stek_audit_now_ms() >= talk->deadline_ms ||
           stek_audit_stopped(&talk->client->stop);
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter): BIO_callback_fn_ex is so
 */
/* Before each read and write of libssl, which goes on for as long as the peer keeps it busy. */
static long before_transfer(BIO *bio, int what, const char *bytes, size_t len, int argi, long argl,
                            int ret, size_t *done)
{
    const struct stek_audit_talk *talk = (const void *)BIO_get_callback_arg(bio);

    (void)bytes;
    (void)len;
    (void)argi;
    (void)argl;
    (void)done;
    if ((what != BIO_CB_READ && what != BIO_CB_WRITE) || !is_over(talk))
        return ret;
    BIO_clear_retry_flags(bio);
    if (what == BIO_CB_READ)
        BIO_set_retry_read(bio);
    else
        BIO_set_retry_write(bio);
    return -1;
}
/* NOLINTEND(readability-function-size,readability-non-const-parameter) */

/* Lets libssl use the connection. */
static bool take_connection(struct stek_audit_talk *talk)
{
    if (SSL_set_fd(talk->ssl, talk->fd) != 1)
        return false;
    BIO *bio = SSL_get_rbio(talk->ssl); /* the same for both directions */
    BIO_set_callback_arg(bio, (char *)talk);
    BIO_set_callback_ex(bio, before_transfer);
    return true;
}

bool stek_audit_talk_again(struct stek_audit_talk *talk, int ret)
{
    const int error = SSL_get_error(talk->ssl, ret);
    const short events = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;

    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        note_failure(talk, error);
        return false;
    }
    if (has_enough_tickets(talk))
        return false;
    if (stek_audit_wait(talk->fd, events, talk->deadline_ms, &talk->client->stop))
        return true;
    talk->shake.outcome = STEK_AUDIT_TIMEOUT;
    return false;
}

size_t stek_audit_talk_request(const struct stek_audit_talk *talk, char *ret_request, size_t len)
{
    const char *host = talk->shake.sni[0] != '\0' ? talk->shake.sni : talk->target->host;
    const bool ipv6 = strchr(host, ':') != NULL;
    const int used = snprintf(ret_request, len,
                              "GET / HTTP/1.1\r\nHost: %s%s%s\r\nUser-Agent: stek-audit\r\n"
                              "Accept: */*\r\nConnection: close\r\n\r\n",
                              ipv6 ? "[" : "", host, ipv6 ? "]" : "");

    return used > 0 && (size_t)used < len ? (size_t)used : 0;
}

/* Keeps the first line, printable characters only. Returns whether it is complete. */
static bool keep_answer(char answer[64], const char *bytes, size_t len)
{
    size_t used = strlen(answer);

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || used == 63)
            return true;
        if (isprint((unsigned char)bytes[i]))
            answer[used++] = bytes[i];
    }
    return false;
}

/* A flood is no fault of the handshake; what was not read is said. */
static void note_flood(struct stek_audit_talk *talk, size_t answer_len)
{
    if (has_enough_tickets(talk))
        (void)snprintf(talk->shake.problem, sizeof talk->shake.problem,
                       "more than %d tickets after one handshake: the rest was not read",
                       (int)STEK_AUDIT_TALK_TICKETS_MAX);
    else if (answer_len >= STEK_AUDIT_TALK_ANSWER_LEN_MAX)
        (void)snprintf(talk->shake.problem, sizeof talk->shake.problem,
                       "data without an end after the handshake: the rest was not read");
}

/* Reads until the first line is there, or (without one to wait for) until the server has no more to
 * say. */
static void read_answer(struct stek_audit_talk *talk, bool wanted)
{
    const enum stek_audit_outcome before = talk->shake.outcome;
    char bytes[4096];
    size_t len = 0;

    while (len < STEK_AUDIT_TALK_ANSWER_LEN_MAX && !has_enough_tickets(talk)) {
        const int got = SSL_read(talk->ssl, bytes, sizeof bytes);
        if (got > 0 && wanted && keep_answer(talk->shake.answer, bytes, (size_t)got))
            return;
        if (got <= 0 && !stek_audit_talk_again(talk, got))
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    if (wanted && talk->shake.outcome == STEK_AUDIT_TIMEOUT)
        talk->target->mute = true;
    /* The handshake was fine. A silent or hasty end is no fault; only an alert is news, such as one
     * about a certificate. */
    if (talk->shake.outcome != STEK_AUDIT_ALERT) {
        talk->shake.outcome = before;
        talk->shake.problem[0] = '\0';
        note_flood(talk, len);
    }
}

static bool speaks_http1(const struct stek_audit_talk *talk)
{
    const unsigned char *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(talk->ssl, &name, &len);
    return talk->client->settings.request && !talk->target->mute &&
           (len == 0 || (len > 6 && memcmp(name, "http/1", 6) == 0));
}

static void hurry(struct stek_audit_talk *talk, int64_t limit_ms)
{
    if (talk->deadline_ms > stek_audit_now_ms() + limit_ms)
        talk->deadline_ms = stek_audit_now_ms() + limit_ms;
}

/* Asks, so that the tickets come before the answer. With nothing to ask it hangs up at once:
 * servers send their tickets before they read that. */
static void talk_afterwards(struct stek_audit_talk *talk)
{
    char request[REQUEST_LEN_MAX];
    const bool ask = speaks_http1(talk) && talk->shake.early != STEK_AUDIT_EARLY_ACCEPTED;
    const bool wanted = speaks_http1(talk);
    const size_t len = ask ? stek_audit_talk_request(talk, request, sizeof request) : 0;

    if (len > 0)
        (void)SSL_write(talk->ssl, request, (int)len);
    else if (!wanted)
        (void)SSL_shutdown(talk->ssl);
    ERR_clear_error();
    if (!wanted)
        hurry(talk, HANG_UP_MS);
    else if (!ask)
        hurry(talk, EARLY_ANSWER_MS);
    read_answer(talk, wanted);
    (void)SSL_shutdown(talk->ssl);
    ERR_clear_error();
}

void stek_audit_talk_over(struct stek_audit_talk *talk)
{
    struct stek_audit_handshake *shake = &talk->shake;
    int ret;

    if (!take_connection(talk)) {
        talk->out_of_memory = true;
        return;
    }
    while ((ret = SSL_do_handshake(talk->ssl)) != 1)
        if (!stek_audit_talk_again(talk, ret))
            return;
    shake->outcome = STEK_AUDIT_DONE;
    shake->finished = true;
    shake->took_ms = (uint32_t)(stek_audit_now_ms() - talk->started_ms);
    if (shake->early != STEK_AUDIT_EARLY_NOT_SENT)
        shake->early = SSL_get_early_data_status(talk->ssl) == SSL_EARLY_DATA_ACCEPTED
                           ? STEK_AUDIT_EARLY_ACCEPTED
                           : STEK_AUDIT_EARLY_REFUSED;
    if (talk->ticket12) {
        SSL_SESSION *session = SSL_get1_session(talk->ssl);
        stek_audit_talk_keep(talk, session);
        SSL_SESSION_free(session);
    }
    talk_afterwards(talk);
}

/* A server has an answer to each damaged ticket, with tickets that tell no more than those of full
 * handshakes do. */
static bool keeps_tickets(const struct stek_audit_handshake *shake)
{
    return shake->purpose != STEK_AUDIT_TAMPER && shake->purpose != STEK_AUDIT_UNKNOWN;
}

static enum stek_result append(struct stek_audit_talk *talk, struct stek_audit_observation *obs)
{
    const uint32_t index = (uint32_t)obs->handshakes_len;

    obs->ended = stek_audit_now();
    const size_t kept = has_enough_tickets(talk) ? KEPT_OF_A_FLOOD : talk->tickets_len;
    enum stek_result result =
        talk->out_of_memory ? STEK_ERR_MEMORY : stek_audit_add_handshake(obs, &talk->shake);
    for (size_t i = 0; i < kept && result == STEK_OK && keeps_tickets(&talk->shake); i++) {
        if (!stek_audit_has_room(obs, &talk->tickets[i]))
            break;
        talk->tickets[i].handshake = index;
        if (talk->shake.resumed) /* such a session keeps the certificate of the one before */
            talk->tickets[i].cert_sent = obs->tickets[talk->shake.ticket].cert_sent;
        result = stek_audit_add_ticket(obs, &talk->tickets[i]);
    }
    return result;
}

enum stek_result stek_audit_talk_end(struct stek_audit_talk *talk,
                                     struct stek_audit_observation *obs, enum stek_result result)
{
    if (result == STEK_OK && !stek_audit_stopped(&talk->client->stop))
        result = append(talk, obs);
    for (size_t i = 0; i < talk->tickets_len; i++) {
        free(talk->tickets[i].bytes);
        free_wiped(talk->tickets[i].session, talk->tickets[i].session_len);
    }
    SSL_free(talk->ssl);
    if (talk->fd >= 0)
        (void)close(talk->fd);
    stek_wipe(talk, sizeof *talk);
    ERR_clear_error();
    return result;
}
