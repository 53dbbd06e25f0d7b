/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ties an SSL_CTX to a ring, and how a callback finds it. The ticket key callback gets an SSL
 * and nothing else, and after SNI switched contexts SSL_get_SSL_CTX() is another SSL_CTX than the
 * one that accepted the connection. So each SSL remembers, from the moment that it is made, the
 * attachment of its first SSL_CTX.
 */
#ifndef STEK_TLS_ATTACHMENT_H
#define STEK_TLS_ATTACHMENT_H

#include "ringfile/ring.h"
#include "tls/context/settled.h"
#include "tls/methods.h"
#include "tls/ossl.h"

#include <stdatomic.h>

/* Whether stek's callbacks have been set again for the SSL_CTX's first SSL, as override asks. */
enum { STEK_OVERRIDE_DONE, STEK_OVERRIDE_TODO, STEK_OVERRIDE_BUSY };

struct stek_attachment {
    atomic_uint holds; /* its SSL_CTX, and each SSL that the SSL_CTX made */
    atomic_int override_state;
    SSL_CTX *ctx; /* not held: it outlives every SSL that it made, and is used for those only */
    struct stek_ring *ring;
    const struct stek_methods *methods;
    struct stek_place place; /* its context */
};

/* The attachment of the SSL_CTX that accepted this connection, or NULL. Borrowed. Thread-safe. */
struct stek_attachment *stek_attachment_get0(const SSL *ssl);

/*
 * Notes in the SSL that a ticket has opened, when anything is counted; and whether that was noted,
 * which it is not any more then. Until the handshake is over libssl may still refuse the session.
 * For the connection's own thread.
 */
void stek_attachment_note_opened(SSL *ssl, struct stek_attachment *attachment);
bool stek_attachment_forget_opened(SSL *ssl, struct stek_attachment *attachment);

/* The keys of the attachment's context, for a ticket of this connection. NULL: no memory.
 * Thread-safe. */
struct stek_keys *stek_attachment_keys(struct stek_attachment *attachment, SSL *ssl);

#endif
