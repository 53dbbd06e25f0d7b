/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/meet.h"

#include "tls/sessionid.h"
#include "tls/slots.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>

/* Setting two callbacks takes nanoseconds; this many turns of others are ample. */
enum { OVERRIDE_PATIENCE = 1000 };

/* In an SSL, the lowest bits of the pointer note that a ticket has opened, that its early data is
 * dealt with, and that it is to be judged once more: so nothing is allocated for the notes. */
enum { OPENED_BIT = 1, EARLY_BIT = 2, AGAIN_BIT = 4, NOTE_BITS = 7 };
static_assert(alignof(struct stek_attachment) > NOTE_BITS, "its address has room for the notes");

/* What most SSL_CTXs had before: libssl's default. Other ones are found through the attachment. */
static _Atomic(stek_ossl_security_cb) common_security_cb;
static atomic_bool has_other_security_cb;

/* Where SSLs of programs that pad records lead to their attachment; made when there is one. */
static int ssl_index = -1;
static pthread_once_t ssl_index_once = PTHREAD_ONCE_INIT;

/* CRYPTO_EX_dup for SSL_dup(): the copy was made from the SSL_CTX that the SSL has by then. */
static int forget_in_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, stek_ossl_ex_value value,
                          int index, long argl, void *argp)
{
    (void)to, (void)from, (void)index, (void)argl, (void)argp;
    *(void **)value = NULL;
    return 1;
}

static void make_ssl_index(void)
{
    ssl_index = stek_ossl_high_index(CRYPTO_EX_INDEX_SSL, forget_in_copy, NULL);
}

/* NULL, unless it points to an attachment in use; the note is cut off. */
static struct stek_attachment *proved(void *pointer)
{
    struct stek_attachment *attachment =
        (struct stek_attachment *)((uintptr_t)pointer & ~(uintptr_t)NOTE_BITS);

    return stek_slots_has(attachment) &&
                   atomic_load_explicit(&attachment->ctx, memory_order_relaxed) != NULL
               ? attachment
               : NULL;
}

/* What is in the SSL itself: the attachment, perhaps with a note. */
static void *entry_of(const SSL *ssl, bool *ret_padded)
{
    void *entry = SSL_get_record_padding_callback_arg(ssl);

    *ret_padded = proved(entry) == NULL;
    if (*ret_padded)
        entry = ssl_index >= 0 ? SSL_get_ex_data(ssl, ssl_index) : NULL;
    return entry;
}

struct stek_attachment *stek_attachment_get0(const SSL *ssl)
{
    bool padded;

    return proved(entry_of(ssl, &padded));
}

struct stek_attachment *stek_attachment_of_callback(const SSL *ssl, void *arg)
{
    return stek_slots_has(arg) ? arg : stek_attachment_get0(ssl);
}

static void set_entry(SSL *ssl, void *entry, bool padded)
{
    if (padded)
        (void)SSL_set_ex_data(ssl, ssl_index, entry);
    else
        SSL_set_record_padding_callback_arg(ssl, entry);
}

/* Whether it was not set yet. */
static bool set_note(SSL *ssl, const struct stek_attachment *attachment, uintptr_t bit)
{
    bool padded;
    void *entry = entry_of(ssl, &padded);

    if (proved(entry) != attachment || ((uintptr_t)entry & bit) != 0)
        return false;
    set_entry(ssl, (unsigned char *)entry + bit, padded);
    return true;
}

void stek_attachment_note_opened(SSL *ssl, struct stek_attachment *attachment)
{
    if (attachment->ring->stats != NULL)
        (void)set_note(ssl, attachment, OPENED_BIT);
}

/* Whether it was set. */
static bool take_note(SSL *ssl, const struct stek_attachment *attachment, uintptr_t bit)
{
    bool padded;
    void *entry = entry_of(ssl, &padded);

    if (proved(entry) != attachment || ((uintptr_t)entry & bit) == 0)
        return false;
    set_entry(ssl, (unsigned char *)entry - bit, padded);
    return true;
}

bool stek_attachment_forget_opened(SSL *ssl, const struct stek_attachment *attachment)
{
    return take_note(ssl, attachment, OPENED_BIT);
}

bool stek_attachment_note_again(SSL *ssl, struct stek_attachment *attachment)
{
    (void)set_note(ssl, attachment, AGAIN_BIT);
    return stek_attachment_is_again(ssl, attachment);
}

bool stek_attachment_is_again(const SSL *ssl, const struct stek_attachment *attachment)
{
    bool padded;
    void *entry = entry_of(ssl, &padded);

    return proved(entry) == attachment && ((uintptr_t)entry & AGAIN_BIT) != 0;
}

bool stek_attachment_take_again(SSL *ssl, const struct stek_attachment *attachment)
{
    return take_note(ssl, attachment, AGAIN_BIT);
}

bool stek_attachment_note_early_data(SSL *ssl, struct stek_attachment *attachment)
{
    return set_note(ssl, attachment, EARLY_BIT);
}

/*
 * The program has configured its SSL_CTX when the first handshake begins: time to win over the
 * ticket key callback that it set. Threads that begin their first handshake at the same time wait a
 * little for the one that does it, once in the life of the SSL_CTX; not for ever, since in a child
 * that was forked at that moment nobody does it.
 */
static void override_once(struct stek_attachment *attachment)
{
    int todo = STEK_OVERRIDE_TODO;
    int patience = OVERRIDE_PATIENCE;

    if (atomic_load_explicit(&attachment->override_state, memory_order_acquire) ==
        STEK_OVERRIDE_DONE)
        return;
    if (atomic_compare_exchange_strong(&attachment->override_state, &todo, STEK_OVERRIDE_BUSY)) {
        attachment->put_back(attachment->ctx);
        atomic_store_explicit(&attachment->override_state, STEK_OVERRIDE_DONE,
                              memory_order_release);
    }
    while (atomic_load_explicit(&attachment->override_state, memory_order_acquire) !=
               STEK_OVERRIDE_DONE &&
           patience-- > 0)
        (void)sched_yield();
}

/* The SSL_CTX of a connection that does not lead to it by itself is still the first one. */
static struct stek_attachment *meet_by_context(SSL *ssl)
{
    struct stek_attachment *attachment = stek_attachment_of(SSL_get_SSL_CTX(ssl));

    if (attachment == NULL || pthread_once(&ssl_index_once, make_ssl_index) != 0 || ssl_index < 0 ||
        SSL_set_ex_data(ssl, ssl_index, attachment) != 1)
        return NULL;
    return attachment;
}

static void meet(SSL *ssl, int version)
{
    struct stek_attachment *attachment = stek_attachment_get0(ssl);

    if (attachment == NULL)
        attachment = meet_by_context(ssl);
    if (attachment != NULL) {
        stek_servers_use(&attachment->place.server, true);
        override_once(attachment);
        stek_session_id_watch(ssl, attachment, version);
    }
}

static stek_ossl_security_cb security_cb_before(const SSL *ssl, const SSL_CTX *ctx)
{
    if (atomic_load_explicit(&has_other_security_cb, memory_order_acquire)) {
        const struct stek_attachment *attachment =
            stek_attachment_of(ssl != NULL ? SSL_get_SSL_CTX(ssl) : ctx);
        if (attachment != NULL && attachment->security_cb != NULL)
            return attachment->security_cb;
    }
    return atomic_load_explicit(&common_security_cb, memory_order_acquire);
}

/* libssl asks about each certificate that an SSL_CTX shall take, and for no other reason. */
static void note_cert(const SSL_CTX *ctx)
{
    struct stek_attachment *attachment = stek_attachment_of(ctx);

    if (attachment != NULL)
        stek_place_note_cert(&attachment->place);
}

static int security_cb(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                       void *ex)
{
    if (op == SSL_SECOP_VERSION && ssl != NULL && SSL_is_server(ssl))
        meet((SSL *)(uintptr_t)ssl, nid);
    else if (op == SSL_SECOP_VERSION && ssl != NULL && stek_servers_have_fresh())
        stek_attachment_use(ssl, false);
    else if (op == SSL_SECOP_EE_KEY && ssl == NULL)
        note_cert(ctx);
    return security_cb_before(ssl, ctx)(ssl, ctx, op, bits, nid, other, ex);
}

static void wrap_security_cb(SSL_CTX *ctx, struct stek_attachment *attachment)
{
    const stek_ossl_security_cb before = SSL_CTX_get_security_callback(ctx);
    stek_ossl_security_cb common = NULL;

    if (before == NULL || before == security_cb)
        return;
    attachment->security_cb = before;
    if (!atomic_compare_exchange_strong(&common_security_cb, &common, before) && common != before)
        atomic_store_explicit(&has_other_security_cb, true, memory_order_release);
    SSL_CTX_set_security_callback(ctx, security_cb);
}

void stek_meet_prepare(SSL_CTX *ctx, struct stek_attachment *attachment)
{
    const void *arg = SSL_CTX_get_record_padding_callback_arg(ctx);

    if (arg == NULL || stek_slots_has(arg))
        SSL_CTX_set_record_padding_callback_arg(ctx, attachment);
    wrap_security_cb(ctx, attachment);
}

void stek_meet_watch_certs(struct stek_attachment *attachment)
{
    stek_place_watch_certs(&attachment->place, security_cb);
}
