/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/sessionid.h"

#include <pthread.h>

/* In which protocol a session id may resume: libssl considers several before it chooses. */
enum { BEFORE_13 = 1, IN_13 = 2 };

/* marks + BEFORE_13 and so on is what stands in a marked SSL. Nothing is stored there. */
static char marks[4];

/* 0: no mark. What programs write into places that they never asked for is none. */
static ptrdiff_t mark_in(const void *value)
{
    for (ptrdiff_t i = BEFORE_13; i <= (BEFORE_13 | IN_13); i++)
        if (value == marks + i)
            return i;
    return 0;
}

/* Made when the first mark is due: other programs pay nothing for it. */
static int ssl_index = -1;
static pthread_once_t ssl_index_once = PTHREAD_ONCE_INIT;

static ptrdiff_t protocol_of(int version)
{
    return version == TLS1_3_VERSION ? IN_13 : BEFORE_13;
}

/*
 * CRYPTO_EX_free, called for every SSL of the program: those without a mark are not looked at. From
 * OpenSSL 3.2 on libssl has given the SSL's first SSL_CTX back by now. In all versions the SSL
 * still holds its present one, and how its handshake went can be read. SSL_is_init_finished() says
 * no after an error, also long after the handshake.
 */
static void count_resumed(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long argl,
                          void *argp)
{
    const SSL *ssl = parent;
    const ptrdiff_t mark = mark_in(value);
    const struct stek_attachment *attachment;

    (void)data, (void)index, (void)argl, (void)argp;
    if (mark == 0 || (mark & protocol_of(SSL_version(ssl))) == 0 || SSL_session_reused(ssl) != 1 ||
        SSL_get_state(ssl) != TLS_ST_OK)
        return;
    attachment = stek_attachment_of(SSL_get_SSL_CTX(ssl));
    if (attachment != NULL)
        stek_stats_count(attachment->ring->stats, STEK_COUNT_RESUMED_BY_ID,
                         stek_ring_now(attachment->ring));
}

/* CRYPTO_EX_dup for SSL_dup(): the copy makes a handshake of its own. */
static int forget_in_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, stek_ossl_ex_value value,
                          int index, long argl, void *argp)
{
    (void)to, (void)from, (void)index, (void)argl, (void)argp;
    *(void **)value = NULL;
    return 1;
}

static void make_ssl_index(void)
{
    ssl_index = stek_ossl_high_index(CRYPTO_EX_INDEX_SSL, forget_in_copy, count_resumed);
}

static bool has_extension(SSL *ssl, unsigned int type)
{
    const unsigned char *data;
    size_t len = 0;

    return SSL_client_hello_get0_ext(ssl, type, &data, &len) == 1 && len > 0;
}

/* In TLS 1.3 the ticket of an SSL_CTX that wants none sealed is a session id. Before that, such an
 * SSL_CTX heeds no ticket, and the session id serves. */
static bool can_resume_by_id(SSL *ssl, int version)
{
    const unsigned char *id;

    if (version == TLS1_3_VERSION)
        return stek_ossl_keeps_sessions(ssl) && has_extension(ssl, TLSEXT_TYPE_psk);
    return SSL_client_hello_get0_session_id(ssl, &id) > 0 &&
           ((SSL_get_options(ssl) & SSL_OP_NO_TICKET) != 0 ||
            !has_extension(ssl, TLSEXT_TYPE_session_ticket));
}

/* A program may clear an SSL and take it for its next connection, whose mark begins anew before
 * there is a ClientHello. There is none any more where a program has read early data, and then goes
 * on with the handshake. */
static bool handshake_begins(SSL *ssl)
{
    return SSL_client_hello_get0_legacy_version(ssl) == 0 &&
           SSL_get_state(ssl) != TLS_ST_EARLY_DATA;
}

static void set_mark(SSL *ssl, ptrdiff_t add)
{
    const void *value = SSL_get_ex_data(ssl, ssl_index);
    const ptrdiff_t had = mark_in(value);
    const ptrdiff_t has = handshake_begins(ssl) ? 0 : had | add;

    if (has != had && (had != 0 || value == NULL))
        (void)SSL_set_ex_data(ssl, ssl_index, has != 0 ? marks + has : NULL);
}

void stek_session_id_watch(SSL *ssl, const struct stek_attachment *attachment, int version)
{
    if (attachment->ring->stats == NULL || stek_ossl_is_quic(ssl))
        return;
    const bool can = can_resume_by_id(ssl, version);
    if (can && pthread_once(&ssl_index_once, make_ssl_index) != 0)
        return;
    if (ssl_index >= 0)
        set_mark(ssl, can ? protocol_of(version) : 0);
}
