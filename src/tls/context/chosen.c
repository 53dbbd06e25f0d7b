/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/chosen.h"

#include "crypto/quiet.h"
#include "tls/context/configuration.h"
#include "tls/context/ownkeys.h"
#include "tls/context/peers.h"

#include <stdlib.h>

struct stek_chosen {
    struct stek_chosen *before;
    struct stek_keys *keys;
    enum stek_sharing wanted;
    enum stek_sharing sharing;
    X509 *cert;        /* the SSL_CTX's current one; held, so that no other has its address */
    uint64_t own_keys; /* mark of libssl's; 0: they do not matter */
    _Atomic uint64_t configuration; /* mark of how all SSL_CTXs verify; of no matter elsewhere */
};

static void chosen_free(struct stek_ring *ring, struct stek_chosen *chosen)
{
    stek_ring_keys_release(ring, chosen->keys);
    X509_free(chosen->cert);
    free(chosen);
}

void stek_place_init(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring,
                     const struct stek_context *label, bool same_configuration)
{
    *place = (struct stek_place){
        .ctx = ctx, .ring = ring, .label = *label, .same_configuration = same_configuration};
    atomic_init(&place->counted, false);
    atomic_init(&place->latest, NULL);
    atomic_init(&place->certs, 0);
    stek_peers_prepare();
    stek_servers_enter(&place->server, ctx);
}

void stek_place_init_own(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring)
{
    *place = (struct stek_place){.ctx = ctx, .ring = ring, .own_keys_only = true};
    atomic_init(&place->counted, false);
    atomic_init(&place->latest, NULL);
}

void stek_place_watch_certs(struct stek_place *place, stek_ossl_security_cb watch)
{
    place->watch = watch;
}

void stek_place_note_cert(struct stek_place *place)
{
    (void)atomic_fetch_add_explicit(&place->certs, 1, memory_order_relaxed);
}

static bool has_one_cert(const struct stek_place *place)
{
    return place->watch != NULL && SSL_CTX_get_security_callback(place->ctx) == place->watch &&
           atomic_load_explicit(&place->certs, memory_order_relaxed) == 1;
}

void stek_place_leave(struct stek_place *place)
{
    if (place->own_keys_only)
        return;
    stek_servers_leave(&place->server);
}

void stek_place_fini(struct stek_place *place)
{
    struct stek_chosen *chosen = atomic_load(&place->latest);

    stek_place_leave(place);
    while (chosen != NULL) {
        struct stek_chosen *before = chosen->before;
        chosen_free(place->ring, chosen);
        chosen = before;
    }
}

static enum stek_sharing sharing_wanted(const struct stek_place *place)
{
    if (place->own_keys_only || stek_ossl_has_no_ems(place->ctx))
        return STEK_SHARING_OPENSSL;
    if (!stek_peers_are_verified())
        return STEK_SHARING_NAMES;
    return place->same_configuration && !stek_servers_may_change() ? STEK_SHARING_CONFIGURATION
                                                                   : STEK_SHARING_OPENSSL;
}

/* Whether the choice is still that of the SSL_CTX as it is now. */
static bool still_holds(const struct stek_chosen *chosen, const struct stek_place *place)
{
    if (place->label.len > 0)
        return true;
    return chosen->wanted == sharing_wanted(place) &&
           chosen->cert == SSL_CTX_get0_certificate(place->ctx) &&
           (chosen->own_keys == 0 || chosen->own_keys == stek_own_keys_mark(place->ctx)) &&
           (chosen->wanted != STEK_SHARING_CONFIGURATION ||
            chosen->configuration == stek_configuration_mark());
}

/* What cannot be read of the configuration is shared as libssl does it. */
static bool find_auto(struct stek_place *place, struct stek_chosen *chosen,
                      struct stek_context *ret_context)
{
    uint8_t digest[STEK_DIGEST_LEN] = {0};
    enum stek_sharing sharing = chosen->wanted;

    chosen->cert = SSL_CTX_get0_certificate(place->ctx);
    if (chosen->cert != NULL)
        (void)X509_up_ref(chosen->cert);
    if (sharing == STEK_SHARING_CONFIGURATION) {
        chosen->configuration = stek_configuration_mark();
        if (!stek_configuration_digest(digest))
            sharing = STEK_SHARING_OPENSSL;
    }
    if (stek_context_auto(place->ctx, sharing,
                          sharing == STEK_SHARING_CONFIGURATION ? digest : NULL,
                          has_one_cert(place), &chosen->sharing, ret_context) != STEK_OK)
        return false;
    if (chosen->sharing == STEK_SHARING_OPENSSL)
        chosen->own_keys = stek_own_keys_mark(place->ctx);
    return true;
}

/* What a change of other SSL_CTXs left as it was is not kept a second time. */
static bool is_same(struct stek_chosen *latest, struct stek_chosen *chosen)
{
    if (latest == NULL || latest->keys != chosen->keys || latest->wanted != chosen->wanted ||
        latest->sharing != chosen->sharing || latest->cert != chosen->cert ||
        latest->own_keys != chosen->own_keys)
        return false;
    atomic_store(&latest->configuration, chosen->configuration);
    return true;
}

/* Others may choose at the same time: then there are two that say the same. */
static void publish(struct stek_place *place, struct stek_chosen *chosen)
{
    chosen->before = atomic_load(&place->latest);
    while (!atomic_compare_exchange_weak(&place->latest, &chosen->before, chosen))
        ;
}

/* The operator may want to know why sessions end with the SSL_CTX. One without a certificate shares
 * as libssl does in any program. */
static void count_verified_peers(struct stek_place *place, const struct stek_chosen *chosen)
{
    if (place->own_keys_only || !stek_peers_are_verified() || chosen->cert == NULL ||
        chosen->wanted == STEK_SHARING_NAMES || chosen->sharing != STEK_SHARING_OPENSSL ||
        atomic_exchange(&place->counted, true))
        return;
    stek_stats_count(place->ring->stats, STEK_COUNT_VERIFIED_PEERS, stek_ring_now(place->ring));
}

static struct stek_keys *choose(struct stek_place *place)
{
    struct stek_chosen *chosen = calloc(1, sizeof *chosen);
    struct stek_context context = place->label;
    STEK_QUIET(quiet);

    if (chosen == NULL)
        return NULL;
    chosen->wanted = sharing_wanted(place);
    if (context.len > 0 || find_auto(place, chosen, &context))
        chosen->keys = stek_ring_keys(place->ring, &context);
    count_verified_peers(place, chosen);
    struct stek_keys *keys = chosen->keys;
    if (keys == NULL || is_same(atomic_load(&place->latest), chosen))
        chosen_free(place->ring, chosen);
    else
        publish(place, chosen);
    return keys;
}

struct stek_keys *stek_place_keys(struct stek_place *place, SSL *ssl)
{
    if (place->label.len == 0) {
        stek_peers_look(ssl);
        stek_servers_look(stek_ring_now(place->ring));
    }
    const struct stek_chosen *chosen = atomic_load_explicit(&place->latest, memory_order_acquire);
    return chosen != NULL && still_holds(chosen, place) ? chosen->keys : choose(place);
}

bool stek_place_admits(struct stek_place *place, const SSL_SESSION *session)
{
    const struct stek_chosen *chosen = atomic_load_explicit(&place->latest, memory_order_acquire);

    return place->label.len > 0 || chosen == NULL || chosen->sharing != STEK_SHARING_NAMES ||
           !stek_peers_in_session(session);
}

bool stek_place_is_shared(const struct stek_place *place)
{
    const struct stek_chosen *chosen = atomic_load_explicit(&place->latest, memory_order_acquire);

    return place->label.len > 0 || (chosen != NULL && chosen->sharing != STEK_SHARING_OPENSSL);
}
