/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks around sealing and opening: chain, server name, client certificate, timeout. */
#include "tls/session.h"

#include "core/admit.h"
#include "tls/attachment.h"
#include "tls/callbacks.h"
#include "tls/idcontext.h"
#include "tls/servername.h"
#include "tls/slots.h"
#include "tls/verified.h"

#include <string.h>
#include <time.h>

static bool read_appdata(SSL_SESSION *session, struct stek_appdata *ret_appdata)
{
    void *bytes = NULL;
    size_t len = 0;

    return SSL_SESSION_get0_ticket_appdata(session, &bytes, &len) == 1 && bytes != NULL &&
           stek_appdata_decode(bytes, len, ret_appdata);
}

static bool write_appdata(SSL_SESSION *session, const struct stek_appdata *appdata)
{
    uint8_t bytes[STEK_APPDATA_LEN];

    stek_appdata_encode(appdata, bytes);
    return SSL_SESSION_set1_ticket_appdata(session, bytes, sizeof bytes) == 1;
}

/* libssl ends a resumption with a fatal alert when peers are verified and there is no session-id
 * context. */
static bool would_be_answered_with_alert(const SSL *ssl, const SSL_SESSION *session)
{
    unsigned int id_context_len = 0;

    (void)SSL_SESSION_get0_id_context(session, &id_context_len);
    return id_context_len == 0 && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
}

/* No ticket outlives its key, nor what its client was verified with. */
static int64_t first_end(int64_t accept_until, const struct stek_appdata *appdata)
{
    return appdata->verified_until != 0 && appdata->verified_until < accept_until
               ? appdata->verified_until
               : accept_until;
}

bool stek_session_may_be_sealed(SSL *ssl, int64_t accept_until, int64_t max_session_age_s,
                                int64_t now)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    struct stek_appdata appdata;

    return session != NULL && read_appdata(session, &appdata) &&
           stek_promise_s(1, first_end(accept_until, &appdata), appdata.origin, max_session_age_s,
                          now) > 0 &&
           !would_be_answered_with_alert(ssl, session);
}

/* A client may be verified after the handshake, too, and again (RFC 9846 section 4.6.2): the first
 * end counts. */
static bool note_verified(SSL *ssl, SSL_SESSION *session, int64_t now, struct stek_appdata *appdata)
{
    int64_t until;

    if (!stek_verified_until(ssl, now, &until) ||
        (appdata->verified_until != 0 && appdata->verified_until <= until))
        return true;
    appdata->verified_until = until;
    return write_appdata(session, appdata);
}

/* The chain of the session: what its ticket said, else it begins now. */
static bool find_or_begin_chain(SSL *ssl, SSL_SESSION *session, int64_t now,
                                struct stek_appdata *ret_appdata)
{
    if (read_appdata(session, ret_appdata))
        return note_verified(ssl, session, now, ret_appdata);
    *ret_appdata = (struct stek_appdata){0};
    (void)stek_verified_until(ssl, now, &ret_appdata->verified_until);
    ret_appdata->origin = SSL_session_reused(ssl) ? stek_ossl_session_time(session) : now;
    return stek_server_name_of_connection(ssl, ret_appdata->name_hash) &&
           write_appdata(session, ret_appdata);
}

/* What the program set; a resumed session's own timeout was cut for the ticket that it came from.
 */
static int64_t program_timeout_s(const SSL *ssl, SSL_CTX *ctx)
{
    const long timeout_s = SSL_CTX_get_timeout(ctx);

    return timeout_s > 0 ? timeout_s : SSL_get_default_timeout(ssl);
}

static void prepare_session(SSL *ssl, struct stek_attachment *attachment)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key active;
    struct stek_ring *ring = attachment->ring;
    struct stek_keys *keys = stek_attachment_keys(attachment, ssl);
    SSL_SESSION *session = SSL_get_session(ssl);
    const int64_t now = stek_ring_now(ring);
    struct stek_appdata appdata;

    if (session == NULL || keys == NULL || !find_or_begin_chain(ssl, session, now, &appdata))
        return;
    if (attachment->any_id_context)
        stek_id_context_of_session(session);
    if (!stek_ring_seal(ring, keys, now, &active))
        return;
    const int64_t promise_s = stek_promise_s(
        program_timeout_s(ssl, attachment->ctx), first_end(active.accept_until, &appdata),
        appdata.origin, stek_ring_max_session_age_s(ring), now);
    if (promise_s <=
        0) /* no ticket then; and libssl fails to encode a session with a timeout of 0 */
        return;
    /* The timeout counts from the session's time, which libssl renews in TLS 1.3 only. */
    stek_ossl_session_set_time(session, now);
    (void)SSL_SESSION_set_timeout(session, (long)promise_s);
}

/* `arg` is the attachment, unless a program calls stek's callback from its own. */
static struct stek_attachment *of_callback(const SSL *ssl, void *arg)
{
    return stek_slots_has(arg) ? arg : stek_attachment_get0(ssl);
}

/* Whatever fails in here, stek_session_may_be_sealed() sees what is missing. Returning 0 would end
 * the handshake. */
int stek_ticket_gen_cb(SSL *ssl, void *arg)
{
    struct stek_attachment *attachment = of_callback(ssl, arg);

    if (attachment != NULL)
        prepare_session(ssl, attachment);
    stek_ossl_forget_errors();
    return 1;
}

/* In TLS 1.3 a certificate may be asked for after the handshake (RFC 9846 section 4.6.2), so none
 * is missing yet. */
static bool cert_is_required(const SSL *ssl)
{
    const int required = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    const int mode = SSL_get_verify_mode(ssl);
    const bool later =
        (mode & SSL_VERIFY_POST_HANDSHAKE) != 0 && SSL_version(ssl) == TLS1_3_VERSION;

    return (mode & required) == required && !later;
}

/* A ticket that a server without stek sealed under the same key has no chain: it begins when that
 * was sealed. */
static bool adopt(SSL_SESSION *session, struct stek_appdata *ret_appdata)
{
    const char *name = SSL_SESSION_get0_hostname(session);

    *ret_appdata = (struct stek_appdata){.origin = stek_ossl_session_time(session),
                                         .verified_until = stek_verified_until_of_session(session)};
    return stek_server_name_hash(name, name != NULL ? strlen(name) : 0, ret_appdata->name_hash) &&
           write_appdata(session, ret_appdata);
}

/* STEK_COUNT_OPENED, or why a ticket that has opened is refused. */
static enum stek_counter judge(SSL *ssl, SSL_SESSION *session, struct stek_attachment *attachment,
                               int64_t now)
{
    static const enum stek_counter counter_of[] = {
        [STEK_VERDICT_RESUME] = STEK_COUNT_OPENED,
        [STEK_VERDICT_SESSION_AGE] = STEK_COUNT_SESSION_AGE,
        [STEK_VERDICT_SERVER_NAME] = STEK_COUNT_SERVER_NAME,
        [STEK_VERDICT_CERT_EXPIRED] = STEK_COUNT_CERT_EXPIRED,
        [STEK_VERDICT_CERT_MISSING] = STEK_COUNT_CERT_MISSING};
    struct stek_ticket_facts facts = {.has_cert = SSL_SESSION_get0_peer(session) != NULL,
                                      .cert_required = cert_is_required(ssl)};

    if (!stek_place_admits(&attachment->place, session))
        return STEK_COUNT_UNKNOWN;
    if (attachment->any_id_context)
        stek_id_context_of_connection(ssl);
    if (would_be_answered_with_alert(ssl, session))
        return STEK_COUNT_ID_CONTEXT;
    if (!read_appdata(session, &facts.sealed) && !adopt(session, &facts.sealed))
        return STEK_COUNT_DAMAGED;
    if (!stek_server_name_of_hello(ssl, facts.hello_name))
        return STEK_COUNT_SERVER_NAME;
    if (attachment->any_name)
        memcpy(facts.hello_name, facts.sealed.name_hash, sizeof facts.hello_name);
    return counter_of[stek_admit(&facts, stek_ring_max_session_age_s(attachment->ring), now)];
}

/* Why libssl could not open a ticket: no key has its name, or what follows the name is wrong. */
static enum stek_counter why_closed(SSL *ssl, struct stek_attachment *attachment,
                                    const unsigned char *name, size_t name_len, int64_t now)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    struct stek_keys *keys = stek_attachment_keys(attachment, ssl);

    return keys != NULL && name_len == STEK_NAME_LEN &&
                   stek_ring_find(attachment->ring, keys, name, false, now, &key) !=
                       STEK_CHOICE_UNKNOWN
               ? STEK_COUNT_DAMAGED
               : STEK_COUNT_UNKNOWN;
}

SSL_TICKET_RETURN stek_ticket_dec_cb(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    struct stek_attachment *attachment = of_callback(ssl, arg);
    const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;

    if (attachment == NULL || (!opened && status != SSL_TICKET_NO_DECRYPT))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    const int64_t now = stek_ring_now(attachment->ring);
    const enum stek_counter counter = opened ? judge(ssl, session, attachment, now)
                                             : why_closed(ssl, attachment, name, name_len, now);
    stek_ossl_forget_errors();
    stek_stats_count(attachment->ring->stats, counter, now);
    if (counter != STEK_COUNT_OPENED)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    stek_attachment_note_opened(ssl, attachment);
    return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}
