/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/earlydata.h"

#include "early/register.h"
#include "tls/callbacks.h"
#include "tls/handover.h"
#include "tls/made.h"
#include "tls/ticketdata.h"

enum { REFUSED = 0, ALLOWED = 1 };

/* OpenSSL's QUIC server, whose version is another, accepts none. */
static bool accepts(const SSL *ssl)
{
    return SSL_version(ssl) == TLS1_3_VERSION && SSL_get_max_early_data(ssl) > 0;
}

bool stek_early_data_is_stateful(const SSL *ssl)
{
    return stek_ossl_is_tls13(ssl) && stek_ossl_keeps_sessions(ssl);
}

bool stek_early_data_is_due(const SSL *ssl, const struct stek_attachment *attachment)
{
    return attachment->early_data == STEK_EARLY_DATA_ONCE && accepts(ssl);
}

bool stek_early_data_mark(const SSL *ssl, const struct stek_attachment *attachment,
                          struct stek_appdata *appdata)
{
    struct stek_register *reg = stek_register_get0();
    const bool had_serial = appdata->serial != 0;

    if (stek_early_data_is_due(ssl, attachment) && reg != NULL &&
        stek_register_issue(reg, appdata->instance, &appdata->serial))
        return true;
    memset(appdata->instance, 0, sizeof appdata->instance);
    appdata->serial = 0;
    return had_serial;
}

void stek_early_data_watch(SSL *ssl, struct stek_attachment *attachment)
{
    if (attachment->early_data != STEK_EARLY_DATA_AS_IS && accepts(ssl) &&
        SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED &&
        stek_attachment_note_early_data(ssl, attachment))
        stek_attachment_unchecked(attachment);
}

static enum stek_early spend(const struct stek_appdata *appdata)
{
    struct stek_register *reg = stek_register_get0();

    return reg != NULL && appdata->serial != 0
               ? stek_register_spend(reg, appdata->instance, appdata->serial)
               : STEK_EARLY_FOREIGN;
}

/* Whether one of stek's callbacks ever ran when a ticket was due. */
static bool has_sealed(const struct stek_attachment *attachment)
{
    return atomic_load_explicit(&attachment->sessions, memory_order_relaxed) !=
               STEK_SESSIONS_UNKNOWN ||
           atomic_load_explicit(&attachment->replaced, memory_order_relaxed);
}

/*
 * A session without any appdata. stek's decrypt callback puts some into every session that comes
 * out of a ticket; where the program's is in its place, stek's key callback has left that it was
 * asked. Else it is no ticket's session but an external pre-shared key's, which the program has to
 * look after; or, where neither callback is stek's, nobody knows.
 */
static int judge_bare(SSL *ssl, struct stek_attachment *attachment)
{
    if (stek_handover_take_asked(attachment) != STEK_ASKED_NOT) {
        stek_stats_count(attachment->ring->stats, STEK_COUNT_EARLY_FOREIGN,
                         stek_ring_now(attachment->ring));
        return REFUSED;
    }
    if (stek_attachment_note_early_data(ssl, attachment) && !has_sealed(attachment))
        stek_attachment_unchecked(attachment);
    return ALLOWED;
}

static int judge(SSL *ssl, struct stek_attachment *attachment, SSL_SESSION *session)
{
    static const enum stek_counter counter_of[] = {
        [STEK_EARLY_ACCEPTED] = STEK_COUNT_EARLY_ACCEPTED,
        [STEK_EARLY_REPLAYED] = STEK_COUNT_EARLY_REPLAYED,
        [STEK_EARLY_FOREIGN] = STEK_COUNT_EARLY_FOREIGN,
        [STEK_EARLY_TOO_OLD] = STEK_COUNT_EARLY_TOO_OLD};
    struct stek_appdata appdata = {.serial = 0};

    if (!stek_ticketdata_read(session, &appdata) && !stek_ticketdata_is_others(session))
        return judge_bare(ssl, attachment);
    const enum stek_early early = spend(&appdata);
    stek_stats_count(attachment->ring->stats, counter_of[early], stek_ring_now(attachment->ring));
    if (early != STEK_EARLY_ACCEPTED)
        return REFUSED;
    (void)stek_attachment_note_early_data(ssl, attachment);
    return ALLOWED;
}

int stek_allow_early_data_cb(SSL *ssl, void *arg)
{
    struct stek_attachment *attachment = stek_attachment_of_callback(ssl, arg);
    SSL_SESSION *session = SSL_get_session(ssl);

    if (attachment == NULL || session == NULL || attachment->early_data == STEK_EARLY_DATA_NEVER)
        return REFUSED;
    if (stek_attachment_is_again(ssl, attachment) && stek_made_is_unwanted(ssl, session))
        return REFUSED;
    if (attachment->early_data == STEK_EARLY_DATA_AS_IS || stek_early_data_is_stateful(ssl))
        return ALLOWED;
    return judge(ssl, attachment, session);
}
