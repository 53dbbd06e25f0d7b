/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/settled.h"

#include "crypto/quiet.h"
#include "tls/context/configuration.h"
#include "tls/context/ownkeys.h"
#include "tls/context/peers.h"

#include <stdlib.h>

struct stek_settled {
    struct stek_settled *before;
    struct stek_keys *keys;
    enum stek_sharing wanted;
    enum stek_sharing sharing;
    X509 *cert;        /* the SSL_CTX's current one; held, so that no other has its address */
    uint64_t own_keys; /* mark of libssl's; 0: they do not matter */
    _Atomic uint64_t generation; /* of the list of SSL_CTXs; 0: it does not matter */
};

static void settled_free(struct stek_ring *ring, struct stek_settled *settled)
{
    stek_ring_keys_release(ring, settled->keys);
    X509_free(settled->cert);
    free(settled);
}

void stek_place_init(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring,
                     const struct stek_context *label, bool same_configuration)
{
    *place = (struct stek_place){
        .ctx = ctx, .ring = ring, .label = *label, .same_configuration = same_configuration};
    atomic_init(&place->counted, false);
    atomic_init(&place->latest, NULL);
    stek_peers_prepare();
    stek_servers_enter(&place->server, ctx);
}

void stek_place_init_own(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring)
{
    *place = (struct stek_place){.ctx = ctx, .ring = ring, .own_keys_only = true};
    atomic_init(&place->counted, false);
    atomic_init(&place->latest, NULL);
}

void stek_place_leave(struct stek_place *place)
{
    if (place->own_keys_only)
        return;
    stek_servers_leave(&place->server);
}

void stek_place_fini(struct stek_place *place)
{
    struct stek_settled *settled = atomic_load(&place->latest);

    stek_place_leave(place);
    while (settled != NULL) {
        struct stek_settled *before = settled->before;
        settled_free(place->ring, settled);
        settled = before;
    }
}

static enum stek_sharing sharing_wanted(const struct stek_place *place)
{
    if (place->own_keys_only)
        return STEK_SHARING_OPENSSL;
    if (!stek_peers_are_verified())
        return STEK_SHARING_NAMES;
    return place->same_configuration ? STEK_SHARING_CONFIGURATION : STEK_SHARING_OPENSSL;
}

/* Whether the settlement is still that of the SSL_CTX as it is now. */
static bool still_holds(const struct stek_settled *settled, const struct stek_place *place)
{
    if (place->label.len > 0)
        return true;
    return settled->wanted == sharing_wanted(place) &&
           settled->cert == SSL_CTX_get0_certificate(place->ctx) &&
           (settled->own_keys == 0 || settled->own_keys == stek_own_keys_mark(place->ctx)) &&
           (settled->generation == 0 || settled->generation == stek_servers_generation());
}

/* What cannot be read of the configuration is shared as libssl does it. */
static bool find_auto(struct stek_place *place, struct stek_settled *settled,
                      struct stek_context *ret_context)
{
    uint8_t digest[STEK_DIGEST_LEN];
    enum stek_sharing sharing = settled->wanted;

    settled->cert = SSL_CTX_get0_certificate(place->ctx);
    if (settled->cert != NULL)
        (void)X509_up_ref(settled->cert);
    if (sharing == STEK_SHARING_CONFIGURATION) {
        settled->generation = stek_servers_generation();
        if (!stek_configuration_digest(digest))
            sharing = STEK_SHARING_OPENSSL;
    }
    if (stek_context_auto(place->ctx, sharing,
                          sharing == STEK_SHARING_CONFIGURATION ? digest : NULL, &settled->sharing,
                          ret_context) != STEK_OK)
        return false;
    if (settled->sharing == STEK_SHARING_OPENSSL)
        settled->own_keys = stek_own_keys_mark(place->ctx);
    return true;
}

/* What a change of other SSL_CTXs left as it was is not kept a second time. */
static bool is_same(struct stek_settled *latest, struct stek_settled *settled)
{
    if (latest == NULL || latest->keys != settled->keys || latest->wanted != settled->wanted ||
        latest->sharing != settled->sharing || latest->cert != settled->cert ||
        latest->own_keys != settled->own_keys)
        return false;
    atomic_store(&latest->generation, settled->generation);
    return true;
}

/* Others may settle at the same time: then there are two that say the same. */
static void publish(struct stek_place *place, struct stek_settled *settled)
{
    settled->before = atomic_load(&place->latest);
    while (!atomic_compare_exchange_weak(&place->latest, &settled->before, settled))
        ;
}

/* The operator may want to know why sessions end with the SSL_CTX. One without a certificate shares
 * as libssl does in any program. */
static void count_verified_peers(struct stek_place *place, const struct stek_settled *settled)
{
    if (place->own_keys_only || settled->cert == NULL || settled->wanted == STEK_SHARING_NAMES ||
        settled->sharing != STEK_SHARING_OPENSSL || atomic_exchange(&place->counted, true))
        return;
    stek_stats_count(place->ring->stats, STEK_COUNT_VERIFIED_PEERS, stek_ring_now(place->ring));
}

static struct stek_keys *settle(struct stek_place *place)
{
    struct stek_settled *settled = calloc(1, sizeof *settled);
    struct stek_context context = place->label;
    STEK_QUIET(mark);

    if (settled == NULL)
        return NULL;
    settled->wanted = sharing_wanted(place);
    if (context.len > 0 || find_auto(place, settled, &context))
        settled->keys = stek_ring_keys(place->ring, &context);
    count_verified_peers(place, settled);
    struct stek_keys *keys = settled->keys;
    if (keys == NULL || is_same(atomic_load(&place->latest), settled))
        settled_free(place->ring, settled);
    else
        publish(place, settled);
    return keys;
}

struct stek_keys *stek_place_keys(struct stek_place *place, SSL *ssl)
{
    if (place->label.len == 0) {
        stek_peers_look(ssl);
        stek_servers_look(stek_ring_now(place->ring));
    }
    const struct stek_settled *settled = atomic_load_explicit(&place->latest, memory_order_acquire);
    return settled != NULL && still_holds(settled, place) ? settled->keys : settle(place);
}

bool stek_place_admits(struct stek_place *place, const SSL_SESSION *session)
{
    const struct stek_settled *settled = atomic_load_explicit(&place->latest, memory_order_acquire);

    return place->label.len > 0 || settled == NULL || settled->sharing != STEK_SHARING_NAMES ||
           !stek_peers_in_session(session);
}
