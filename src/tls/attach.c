/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/attachment.h"

#include "tls/callbacks.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* Where SSL_CTX and SSL keep their attachment; made once for the life of the process. */
static int ctx_index = -1;
static int ssl_index = -1;
static pthread_once_t indexes_once = PTHREAD_ONCE_INIT;

/* Setting two callbacks takes nanoseconds; this many turns of others are ample. */
enum { OVERRIDE_PATIENCE = 1000 };

static void hold(struct stek_attachment *attachment)
{
    atomic_fetch_add_explicit(&attachment->holds, 1, memory_order_relaxed);
}

static void release(struct stek_attachment *attachment)
{
    if (attachment == NULL ||
        atomic_fetch_sub_explicit(&attachment->holds, 1, memory_order_acq_rel) != 1)
        return;
    stek_place_fini(&attachment->place);
    stek_ring_free(attachment->ring);
    free(attachment);
}

/*
 * The program has configured its SSL_CTX when it makes the first SSL: time to win over what it set.
 * Threads that make their first SSL at the same time wait a little for the one that does it, once
 * in the life of the SSL_CTX; not for ever, since in a child that was forked at that moment nobody
 * does it.
 */
static void override_once(struct stek_attachment *attachment)
{
    int todo = STEK_OVERRIDE_TODO;
    int patience = OVERRIDE_PATIENCE;

    if (atomic_load_explicit(&attachment->override_state, memory_order_acquire) ==
        STEK_OVERRIDE_DONE)
        return;
    if (atomic_compare_exchange_strong(&attachment->override_state, &todo, STEK_OVERRIDE_BUSY)) {
        stek_callbacks_install(attachment->ctx);
        atomic_store_explicit(&attachment->override_state, STEK_OVERRIDE_DONE,
                              memory_order_release);
    }
    while (atomic_load_explicit(&attachment->override_state, memory_order_acquire) !=
               STEK_OVERRIDE_DONE &&
           patience-- > 0)
        (void)sched_yield();
}

/* CRYPTO_EX_new for SSL: its SSL_CTX is still the first one. */
static void ssl_new(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(parent);
    struct stek_attachment *attachment = ctx != NULL ? SSL_CTX_get_ex_data(ctx, ctx_index) : NULL;

    (void)ptr, (void)argl, (void)argp;
    if (attachment == NULL)
        return;
    hold(attachment);
    if (CRYPTO_set_ex_data(data, index, attachment) != 1) {
        release(attachment);
        return;
    }
    override_once(attachment);
}

/* In an SSL, the lowest bit of the pointer notes that a ticket has opened: so nothing is allocated
 * for the note. */
enum { OPENED_BIT = 1 };

static struct stek_attachment *without_note(void *noted)
{
    return (struct stek_attachment *)((uintptr_t)noted & ~(uintptr_t)OPENED_BIT);
}

/* CRYPTO_EX_dup for SSL_dup(): the copy was made from an SSL_CTX of its own, and keeps that one's
 * attachment. */
static int ssl_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **value, int index,
                   long argl, void *argp)
{
    (void)from, (void)argl, (void)argp;
    *value = CRYPTO_get_ex_data(to, index);
    return 1;
}

/* CRYPTO_EX_free for SSL_CTX: it cannot serve any more. */
static void leave(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    struct stek_attachment *attachment = ptr;

    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    if (attachment != NULL)
        stek_place_leave(&attachment->place);
    release(attachment);
}

/* CRYPTO_EX_free for SSL. */
static void forget(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    release(without_note(ptr));
}

static void make_indexes(void)
{
    ctx_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, leave);
    ssl_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, ssl_new, ssl_dup, forget);
}

struct stek_attachment *stek_attachment_get0(const SSL *ssl)
{
    return without_note(SSL_get_ex_data(ssl, ssl_index));
}

void stek_attachment_note_opened(SSL *ssl, struct stek_attachment *attachment)
{
    if (attachment->ring->stats != NULL)
        (void)SSL_set_ex_data(ssl, ssl_index, (void *)((uintptr_t)attachment | OPENED_BIT));
}

bool stek_attachment_forget_opened(SSL *ssl, struct stek_attachment *attachment)
{
    if (SSL_get_ex_data(ssl, ssl_index) == attachment)
        return false;
    (void)SSL_set_ex_data(ssl, ssl_index, attachment);
    return true;
}

struct stek_keys *stek_attachment_keys(struct stek_attachment *attachment, SSL *ssl)
{
    return stek_place_keys(&attachment->place, ssl);
}

/* An attachment with one hold, for its SSL_CTX. It takes a hold on the ring. */
static enum stek_result new_attachment(SSL_CTX *ctx, struct stek_ring *ring,
                                       const struct stek_context *label, int override,
                                       struct stek_attachment **ret_attachment)
{
    struct stek_attachment *attachment = calloc(1, sizeof *attachment);

    if (attachment == NULL)
        return STEK_ERR_MEMORY;
    stek_ring_hold(ring);
    attachment->ctx = ctx;
    attachment->ring = ring;
    stek_place_init(&attachment->place, ctx, ring, label, false);
    attachment->methods = stek_methods_get0();
    atomic_init(&attachment->holds, 1);
    atomic_init(&attachment->override_state, override ? STEK_OVERRIDE_TODO : STEK_OVERRIDE_DONE);
    if (attachment->methods == NULL) {
        release(attachment);
        return STEK_ERR_CRYPTO;
    }
    *ret_attachment = attachment;
    return STEK_OK;
}

/* Puts the attachment in the SSL_CTX, in the place of an earlier one. */
static enum stek_result enter(SSL_CTX *ctx, struct stek_attachment *attachment)
{
    struct stek_attachment *before = SSL_CTX_get_ex_data(ctx, ctx_index);

    if (SSL_CTX_set_ex_data(ctx, ctx_index, attachment) != 1) {
        release(attachment);
        return STEK_ERR_MEMORY;
    }
    if (before != NULL)
        stek_place_leave(&before->place);
    release(before);
    return STEK_OK;
}

enum stek_result stek_attach(SSL_CTX *ctx, struct stek_ring *ring,
                             const struct stek_attach_options *options)
{
    static const struct stek_attach_options defaults = STEK_ATTACH_OPTIONS_INIT;
    struct stek_attachment *attachment;
    struct stek_context label;

    if (options == NULL)
        options = &defaults;
    if (ctx == NULL || ring == NULL || !stek_context_label(options->context, &label))
        return STEK_ERR_ARGUMENT;
    if (pthread_once(&indexes_once, make_indexes) != 0 || ctx_index < 0 || ssl_index < 0)
        return STEK_ERR_CRYPTO;
    enum stek_result result = new_attachment(ctx, ring, &label, options->override, &attachment);
    if (result == STEK_OK)
        result = enter(ctx, attachment);
    if (result != STEK_OK)
        return result;
    stek_ring_start_counting(ring);
    stek_callbacks_install(ctx);
    return STEK_OK;
}
