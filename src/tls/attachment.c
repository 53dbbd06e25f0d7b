/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/attachment.h"

#include "tls/later.h"
#include "tls/made.h"
#include "tls/slots.h"

#include <pthread.h>

/* Where an SSL_CTX keeps its attachment; made once for the life of the process. */
static int ctx_index = -1;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static _Atomic(stek_watch_fn) watcher;
static _Atomic(stek_instead_fn) instead_of_ring;

/* Gives back what the attachment holds. */
static void empty(struct stek_attachment *attachment)
{
    stek_place_leave(&attachment->place);
    stek_place_fini(&attachment->place);
    stek_place_fini(&attachment->own);
    stek_ring_free(attachment->ring);
    attachment->ring = NULL;
}

static void release(struct stek_attachment *attachment)
{
    empty(attachment);
    atomic_store(&attachment->ctx, NULL);
    stek_slots_give(attachment);
}

static bool is_of(const struct stek_attachment *attachment, const void *ctx)
{
    return atomic_load_explicit(&attachment->ctx, memory_order_relaxed) == ctx;
}

/*
 * CRYPTO_EX_free for SSL_CTX. A program may have written something else into the place without
 * asking: what is there is not followed then, and the attachment is looked for.
 */
static void forget(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    struct stek_attachment *attachment = ptr;

    (void)data, (void)index, (void)argl, (void)argp;
    if (parent == NULL)
        return;
    if (!stek_slots_has(attachment) || !is_of(attachment, parent))
        attachment = stek_slots_find(is_of, parent);
    if (attachment != NULL)
        release(attachment);
}

static void make_index(void)
{
    ctx_index = stek_ossl_high_index(CRYPTO_EX_INDEX_SSL_CTX, NULL, forget);
}

struct stek_attachment *stek_attachment_of(const SSL_CTX *ctx)
{
    struct stek_attachment *attachment =
        ctx != NULL && ctx_index >= 0 ? SSL_CTX_get_ex_data(ctx, ctx_index) : NULL;

    return stek_slots_has(attachment) && is_of(attachment, ctx) ? attachment : NULL;
}

void stek_attachment_watch(stek_watch_fn watch)
{
    atomic_store(&watcher, watch);
}

void stek_attachment_when_missed(stek_instead_fn instead)
{
    atomic_store(&instead_of_ring, instead);
}

/* In one step, so that no ticket of another thread is sealed in between. */
static void put_instead(SSL_CTX *ctx)
{
    const stek_instead_fn instead = atomic_load(&instead_of_ring);

    (instead != NULL ? instead : stek_ossl_uninstall)(ctx);
}

void stek_attachment_missed(SSL *ssl, struct stek_attachment *attachment)
{
    const stek_watch_fn tell = atomic_load(&watcher);

    if (attachment == NULL)
        attachment = stek_attachment_of(SSL_get_SSL_CTX(ssl));
    if (attachment != NULL) {
        if (atomic_exchange(&attachment->missed, true))
            return;
        put_instead(attachment->ctx);
        stek_stats_count(attachment->ring->stats, STEK_COUNT_NOT_MET,
                         stek_ring_now(attachment->ring));
    }
    if (tell != NULL)
        tell(STEK_EVENT_MISSED);
}

void stek_attachment_replaced(struct stek_attachment *attachment)
{
    const stek_watch_fn tell = atomic_load(&watcher);

    if (atomic_exchange(&attachment->replaced, true) || atomic_load(&attachment->missed))
        return;
    stek_stats_count(attachment->ring->stats, STEK_COUNT_REPLACED, stek_ring_now(attachment->ring));
    if (tell != NULL && attachment->wins)
        tell(STEK_EVENT_REPLACED);
}

void stek_attachment_unchecked(struct stek_attachment *attachment)
{
    const stek_watch_fn tell = atomic_load(&watcher);

    stek_stats_count(attachment->ring->stats, STEK_COUNT_EARLY_UNCHECKED,
                     stek_ring_now(attachment->ring));
    if (tell != NULL)
        tell(STEK_EVENT_UNCHECKED_EARLY_DATA);
}

void stek_attachment_use(const SSL *ssl, bool serves)
{
    struct stek_attachment *attachment = stek_attachment_of(SSL_get_SSL_CTX(ssl));

    if (attachment != NULL)
        stek_servers_use(&attachment->place.server, serves);
}

struct stek_keys *stek_attachment_keys(struct stek_attachment *attachment, SSL *ssl)
{
    if (stek_servers_have_fresh())
        stek_attachment_use(ssl, true);
    return stek_place_keys(&attachment->place, ssl);
}

struct stek_keys *stek_attachment_own_keys(struct stek_attachment *attachment, SSL *ssl)
{
    return stek_place_keys(&attachment->own, ssl);
}

/* Fills a slot for the SSL_CTX, in the place of what was there. It takes a hold on the ring. */
static void fill(struct stek_attachment *attachment, SSL_CTX *ctx, struct stek_ring *ring,
                 const struct stek_context *label, const struct stek_attach_options *options)
{
    static _Atomic uint64_t latest_number;

    stek_ring_hold(ring);
    attachment->number = atomic_fetch_add(&latest_number, 1) + 1;
    if (attachment->ring != NULL)
        empty(attachment);
    attachment->ring = ring;
    attachment->any_name = options->any_name != 0;
    attachment->any_id_context = options->any_id_context != 0;
    attachment->early_data = options->early_data;
    stek_place_init(&attachment->place, ctx, ring, label, options->same_configuration != 0);
    stek_place_init_own(&attachment->own, ctx, ring);
    attachment->wins = options->override != 0;
    atomic_store(&attachment->sessions, STEK_SESSIONS_UNKNOWN);
    atomic_store(&attachment->replaced, false);
    attachment->methods = stek_methods_get0();
    atomic_store(&attachment->missed, false);
    atomic_store(&attachment->override_state,
                 options->override ? STEK_OVERRIDE_TODO : STEK_OVERRIDE_DONE);
    atomic_store(&attachment->ctx, ctx);
}

enum stek_result stek_attachment_enter(SSL_CTX *ctx, struct stek_ring *ring,
                                       const struct stek_context *label,
                                       const struct stek_attach_options *options,
                                       struct stek_attachment **ret_attachment)
{
    struct stek_attachment *attachment;

    stek_later_find();
    stek_made_prepare();
    if (pthread_once(&index_once, make_index) != 0 || ctx_index < 0 || stek_methods_get0() == NULL)
        return STEK_ERR_CRYPTO;
    attachment = stek_attachment_of(ctx);
    if (attachment == NULL) {
        attachment = stek_slots_take();
        if (attachment == NULL)
            return STEK_ERR_MEMORY;
        attachment->security_cb = NULL;
        if (SSL_CTX_set_ex_data(ctx, ctx_index, attachment) != 1) {
            stek_slots_give(attachment);
            return STEK_ERR_MEMORY;
        }
    }
    fill(attachment, ctx, ring, label, options);
    *ret_attachment = attachment;
    return STEK_OK;
}
