/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks around sealing and opening: chain, server name, client certificate, timeout. */
#include "tls/session.h"

#include "core/admit.h"
#include "crypto/quiet.h"
#include "tls/attachment.h"
#include "tls/callbacks.h"
#include "tls/context/peers.h"
#include "tls/earlydata.h"
#include "tls/handover.h"
#include "tls/idcontext.h"
#include "tls/made.h"
#include "tls/servername.h"
#include "tls/ticketdata.h"
#include "tls/verified.h"

#include <string.h>
#include <time.h>

/* libssl ends a resumption with a fatal alert when peers are verified and there is no session-id
 * context. */
static bool would_be_answered_with_alert(const SSL *ssl, const SSL_SESSION *session)
{
    unsigned int id_context_len = 0;

    (void)SSL_SESSION_get0_id_context(session, &id_context_len);
    return id_context_len == 0 && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
}

bool stek_session_may_resume(SSL *ssl)
{
    const SSL_SESSION *session = SSL_get_session(ssl);

    return session != NULL && !would_be_answered_with_alert(ssl, session);
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

    return session != NULL && stek_ticketdata_read(session, &appdata) &&
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
    return stek_ticketdata_write(session, appdata);
}

/* What the program gave the session, as long as nobody cut it for a ticket. */
static uint32_t timeout_of(const SSL_SESSION *session)
{
    const int64_t timeout_s = SSL_SESSION_get_timeout(session);

    return timeout_s < 0 ? 0 : timeout_s < UINT32_MAX ? (uint32_t)timeout_s : UINT32_MAX;
}

/* The chain of the session: what its ticket said, else it begins now. */
static bool find_or_begin_chain(SSL *ssl, SSL_SESSION *session, int64_t now,
                                struct stek_appdata *ret_appdata)
{
    if (stek_ticketdata_read(session, ret_appdata))
        return note_verified(ssl, session, now, ret_appdata);
    *ret_appdata = (struct stek_appdata){.timeout_s = timeout_of(session)};
    (void)stek_verified_until(ssl, now, &ret_appdata->verified_until);
    ret_appdata->origin = SSL_session_reused(ssl) ? stek_ossl_session_time(session) : now;
    return stek_server_name_of_connection(ssl, ret_appdata->name_hash) &&
           stek_ticketdata_write(session, ret_appdata);
}

/* Each ticket of TLS 1.3 has a serial of its own. */
static bool mark_early_data(const SSL *ssl, const struct stek_attachment *attachment,
                            SSL_SESSION *session, struct stek_appdata *appdata)
{
    return !stek_early_data_mark(ssl, attachment, appdata) ||
           stek_ticketdata_write(session, appdata);
}

/*
 * Before TLS 1.3 a session that resumes by its session id stands in libssl's cache, where other
 * threads read it. In TLS 1.3 libssl has made a copy by now.
 */
static bool may_be_others_too(const SSL *ssl)
{
    return !stek_ossl_is_tls13(ssl) && SSL_session_reused(ssl) == 1;
}

enum stek_generated stek_session_look_again(SSL *ssl, enum stek_generated how)
{
    SSL_SESSION *session = SSL_get_session(ssl);

    return how == STEK_GENERATED && session != NULL && stek_ticketdata_is_others(session)
               ? STEK_GENERATED_OTHERS
               : how;
}

/*
 * What the program allows, in seconds from now: what it gave the session at the full handshake, and
 * no more than what the SSL_CTX says now, since the ticket may come from another one. It counts
 * from the session's time, which libssl renews in TLS 1.3 only.
 */
static int64_t program_left_s(const SSL *ssl, SSL_CTX *ctx, const SSL_SESSION *session,
                              const struct stek_appdata *appdata, int64_t now)
{
    int64_t timeout_s = SSL_CTX_get_timeout(ctx);

    if (timeout_s <= 0)
        timeout_s = SSL_get_default_timeout(ssl);
    if (appdata->timeout_s < timeout_s)
        timeout_s = appdata->timeout_s;
    return stek_ossl_session_time(session) + timeout_s - now;
}

/*
 * The timeout of a session that ends at a time. libssl fails to encode a session with a timeout of
 * 0, and that would end the handshake. Its clock may be a second ahead: since 3.2 it asks
 * gettimeofday(2), which is some milliseconds before time(2) where a second begins.
 */
static long timeout_from(const SSL_SESSION *session, int64_t end)
{
    const int64_t timeout_s = end - stek_ossl_session_time(session);

    return timeout_s < 1 ? 1 : (long)timeout_s;
}

/* The session of a connection, and the keys of its ticket, which may be missing. */
struct due {
    SSL *ssl;
    SSL_SESSION *session;
    struct stek_keys *keys;
};

/* The session shall last no longer than the next ticket's key, its chain, and the program say. */
static void bound_timeout(const struct due *due, const struct stek_attachment *attachment,
                          const struct stek_appdata *appdata, int64_t now)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key active;
    struct stek_ring *ring = attachment->ring;
    SSL_SESSION *session = due->session;

    if (due->keys == NULL || !stek_ring_seal(ring, due->keys, now, &active))
        return;
    const int64_t promise_s =
        stek_promise_s(program_left_s(due->ssl, attachment->ctx, session, appdata, now),
                       first_end(active.accept_until, appdata), appdata->origin,
                       stek_ring_max_session_age_s(ring), now);
    if (promise_s > 0)
        (void)SSL_SESSION_set_timeout(session, timeout_from(session, now + promise_s));
}

static void prepare_session(SSL *ssl, struct stek_attachment *attachment)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    const int64_t now = stek_ring_now(attachment->ring);
    struct stek_appdata appdata;
    enum stek_generated how = STEK_GENERATED;

    /* Looks at the session before anything is written into it. */
    struct stek_keys *keys = stek_attachment_keys(attachment, ssl);
    if (session == NULL || stek_ticketdata_is_others(session) ||
        (may_be_others_too(ssl) && !stek_ticketdata_read(session, &appdata)))
        how = STEK_GENERATED_OTHERS;
    else if (!may_be_others_too(ssl) && find_or_begin_chain(ssl, session, now, &appdata) &&
             mark_early_data(ssl, attachment, session, &appdata)) {
        if (attachment->any_id_context)
            stek_id_context_of_session(session);
        bound_timeout(&(struct due){ssl, session, keys}, attachment, &appdata, now);
    }
    if (stek_handover_generated(attachment, how))
        stek_attachment_replaced(attachment);
}

/* Under the program's own keys a ticket gets no more than what early data needs. */
static void prepare_programs_session(SSL *ssl, struct stek_attachment *attachment)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    struct stek_appdata appdata;

    if (stek_early_data_is_due(ssl, attachment) && session != NULL &&
        !stek_ticketdata_is_others(session) &&
        find_or_begin_chain(ssl, session, stek_ring_now(attachment->ring), &appdata))
        (void)mark_early_data(ssl, attachment, session, &appdata);
}

/* The last moment before the program hears of a connection that a shared ticket resumed: meanwhile
 * its callbacks may have demanded more. */
static bool may_go_on(SSL *ssl, struct stek_attachment *attachment)
{
    const SSL_SESSION *session = SSL_get_session(ssl);

    if (!stek_attachment_take_again(ssl, attachment) || SSL_session_reused(ssl) != 1 ||
        session == NULL || !stek_made_is_unwanted(ssl, session))
        return true;
    stek_peers_look(ssl);
    stek_made_note_unwanted(ssl, attachment->ctx);
    if (stek_attachment_forget_opened(ssl, attachment))
        stek_stats_correct(attachment->ring->stats, STEK_COUNT_OPENED,
                           stek_made_demands_cert(ssl) ? STEK_COUNT_CERT_MISSING
                                                       : STEK_COUNT_UNKNOWN,
                           stek_ring_now(attachment->ring));
    return false;
}

/* Whatever else fails in here, stek_session_may_be_sealed() sees what is missing. Returning 0 ends
 * the handshake. */
int stek_ticket_gen_cb(SSL *ssl, void *arg)
{
    struct stek_attachment *attachment = stek_attachment_of_callback(ssl, arg);
    STEK_QUIET(quiet);

    if (attachment != NULL && !may_go_on(ssl, attachment))
        return 0;
    if (attachment != NULL && stek_early_data_is_stateful(ssl)) {
        stek_peers_look_at_stateful(ssl);
    } else if (attachment != NULL) {
        stek_early_data_watch(ssl, attachment);
        if (atomic_load_explicit(&attachment->replaced, memory_order_relaxed))
            prepare_programs_session(ssl, attachment);
        else
            prepare_session(ssl, attachment);
        if (stek_place_is_shared(&attachment->place))
            stek_made_note(ssl, attachment->ctx);
    }
    return 1;
}

/* A ticket that a server without stek sealed under the same key has no chain: it begins when that
 * was sealed. */
static bool adopt(SSL_SESSION *session, struct stek_appdata *ret_appdata)
{
    const char *name = SSL_SESSION_get0_hostname(session);

    *ret_appdata = (struct stek_appdata){.origin = stek_ossl_session_time(session),
                                         .verified_until = stek_verified_until_of_session(session),
                                         .timeout_s = timeout_of(session)};
    return stek_server_name_hash(name, name != NULL ? strlen(name) : 0, ret_appdata->name_hash) &&
           (stek_ticketdata_is_others(session) || stek_ticketdata_write(session, ret_appdata));
}

/* A ticket under the program's keys that may be from elsewhere: so that its early data is not taken
 * for that of an external pre-shared key. */
static void mark_as_ticket(const SSL *ssl, const struct stek_attachment *attachment,
                           SSL_SESSION *session)
{
    struct stek_appdata appdata;

    if (stek_early_data_is_due(ssl, attachment) && !stek_ticketdata_read(session, &appdata))
        (void)adopt(session, &appdata);
}

/*
 * Before TLS 1.3 a session goes into its next ticket as it is, and it must not be changed once it
 * resumes: so what the next key allows is put in here. Its time stays that of the full handshake.
 */
static void prepare_renewal(SSL *ssl, struct stek_attachment *attachment, SSL_SESSION *session,
                            int64_t now)
{
    struct stek_appdata appdata;

    if (!stek_ossl_is_tls13(ssl) && stek_ticketdata_read(session, &appdata) &&
        now <= stek_ossl_session_time(session) + SSL_SESSION_get_timeout(session))
        bound_timeout(&(struct due){ssl, session, stek_attachment_keys(attachment, ssl)},
                      attachment, &appdata, now);
}

/* STEK_COUNT_OPENED, or why a ticket that has opened is refused. */
static enum stek_counter judge(SSL *ssl, SSL_SESSION *session, struct stek_attachment *attachment,
                               enum stek_asked asked, int64_t now)
{
    static const enum stek_counter counter_of[] = {
        [STEK_VERDICT_RESUME] = STEK_COUNT_OPENED,
        [STEK_VERDICT_SESSION_AGE] = STEK_COUNT_SESSION_AGE,
        [STEK_VERDICT_SERVER_NAME] = STEK_COUNT_SERVER_NAME,
        [STEK_VERDICT_CERT_EXPIRED] = STEK_COUNT_CERT_EXPIRED,
        [STEK_VERDICT_CERT_MISSING] = STEK_COUNT_CERT_MISSING};
    struct stek_ticket_facts facts = {.has_cert = stek_peers_in_session(session),
                                      .cert_required = stek_made_demands_cert(ssl)};

    if (!stek_place_admits(&attachment->place, session))
        return STEK_COUNT_UNKNOWN;
    if (attachment->any_id_context)
        stek_id_context_of_connection(ssl);
    if (would_be_answered_with_alert(ssl, session))
        return STEK_COUNT_ID_CONTEXT;
    if (asked == STEK_ASKED_OWN &&
        stek_ticketdata_is_others(session)) /* libssl's own rules count */
        return STEK_COUNT_OPENED;
    if (!stek_ticketdata_read(session, &facts.sealed) && !adopt(session, &facts.sealed))
        return STEK_COUNT_DAMAGED;
    if (program_left_s(ssl, attachment->ctx, session, &facts.sealed, now) < 0)
        return STEK_COUNT_SESSION_AGE;
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

/* What happens without such a callback. */
static SSL_TICKET_RETURN as_libssl_does(SSL_TICKET_STATUS status)
{
    if (status == SSL_TICKET_SUCCESS)
        return SSL_TICKET_RETURN_USE;
    return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW
                                              : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* A session that no handshake of this SSL_CTX is known to have made is judged again when the next
 * ticket is due. In TLS 1.3 that is so anyway, unless the program wants none. */
static enum stek_made judge_shared(SSL *ssl, SSL_SESSION *session,
                                   struct stek_attachment *attachment, enum stek_asked asked)
{
    if (asked != STEK_ASKED || !stek_place_is_shared(&attachment->place))
        return STEK_MADE_HERE;
    const enum stek_made made = stek_made_judge(ssl, attachment->ctx, session);
    if (made != STEK_MADE_WELCOME)
        return made;
    const bool comes_back =
        stek_ossl_is_quic(ssl) || !stek_ossl_is_tls13(ssl) || SSL_get_num_tickets(ssl) > 0;
    return comes_back && stek_attachment_note_again(ssl, attachment) ? STEK_MADE_WELCOME
                                                                     : STEK_MADE_UNWANTED;
}

SSL_TICKET_RETURN stek_ticket_dec_cb(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    struct stek_attachment *attachment = stek_attachment_of_callback(ssl, arg);
    const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    STEK_QUIET(quiet);

    if (attachment == NULL || (!opened && status != SSL_TICKET_NO_DECRYPT))
        return as_libssl_does(status);
    const enum stek_asked asked = stek_handover_take_asked(attachment);
    if (asked == STEK_ASKED_NOT && opened) { /* under a key of the program's */
        mark_as_ticket(ssl, attachment, session);
        return as_libssl_does(status);
    }
    const int64_t now = stek_ring_now(attachment->ring);
    enum stek_counter counter = opened ? judge(ssl, session, attachment, asked, now)
                                       : why_closed(ssl, attachment, name, name_len, now);
    enum stek_made made = STEK_MADE_HERE;
    if (counter == STEK_COUNT_OPENED)
        made = judge_shared(ssl, session, attachment, asked);
    if (made == STEK_MADE_UNWANTED)
        counter = STEK_COUNT_UNKNOWN;
    stek_stats_count(attachment->ring->stats, counter, now);
    if (counter != STEK_COUNT_OPENED)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    stek_attachment_note_opened(ssl, attachment);
    if (status != SSL_TICKET_SUCCESS_RENEW && made == STEK_MADE_HERE)
        return SSL_TICKET_RETURN_USE;
    prepare_renewal(ssl, attachment, session, now);
    return SSL_TICKET_RETURN_USE_RENEW;
}
