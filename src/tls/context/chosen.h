/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of an SSL_CTX as it was chosen at a ticket, and again whenever what it was made of
 * has changed: the certificate, libssl's own keys, whether the program verifies peers.
 */
#ifndef STEK_TLS_CONTEXT_CHOSEN_H
#define STEK_TLS_CONTEXT_CHOSEN_H

#include "ringfile/ring.h"
#include "tls/context/context.h"
#include "tls/context/servers.h"

#include <stdatomic.h>

struct stek_chosen; /* one choice; it lives as long as its place */

/* Where an SSL_CTX keeps its context. */
struct stek_place {
    struct stek_server server;   /* in the list of living ones */
    SSL_CTX *ctx;                /* not held; alive as long as an SSL that it made */
    struct stek_ring *ring;      /* not held either */
    struct stek_context label;   /* the operator's; len 0: auto */
    bool own_keys_only;          /* share as libssl's own keys do, whatever the label */
    bool same_configuration;     /* the operator's word for sharing where peers are verified */
    atomic_bool counted;         /* as one that shares as libssl does, since peers are verified */
    stek_ossl_security_cb watch; /* tells of each certificate that is given to it; NULL: nothing */
    atomic_uint certs;           /* that it told of */
    _Atomic(struct stek_chosen *) latest;
};

/* The SSL_CTX is alive, and so is the ring. */
void stek_place_init(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring,
                     const struct stek_context *label, bool same_configuration);

/* Of the same SSL_CTX, a place that always shares as libssl's own keys do. */
void stek_place_init_own(struct stek_place *place, SSL_CTX *ctx, struct stek_ring *ring);

/*
 * The SSL_CTX has no certificate yet, and this security callback of it calls stek_place_note_cert()
 * for each that it is given. While that stands, an SSL_CTX with one certificate is known for such:
 * there is no other way to ask than to make an SSL.
 */
void stek_place_watch_certs(struct stek_place *place, stek_ossl_security_cb watch);
void stek_place_note_cert(struct stek_place *place);

/* The SSL_CTX is about to be freed. SSLs that it made may still be there. */
void stek_place_leave(struct stek_place *place);

/* Nobody uses the place any more. */
void stek_place_fini(struct stek_place *place);

/*
 * The keys for tickets of a connection that this SSL_CTX accepted. NULL: no memory, or libcrypto
 * refuses. Thread-safe; takes no lock where nothing has changed, but for `same_configuration`:
 * there whoever adds to a store while the program serves is noticed at the next ticket.
 */
struct stek_keys *stek_place_keys(struct stek_place *place, SSL *ssl);

/* Whether the latest keys are such that tickets from elsewhere may open. Thread-safe. */
bool stek_place_is_shared(const struct stek_place *place);

/* Whether a ticket with this session in it may have been sealed under the keys of this place: where
 * names alone are shared, never one that says who the peer is. Thread-safe. */
bool stek_place_admits(struct stek_place *place, const SSL_SESSION *session);

#endif
