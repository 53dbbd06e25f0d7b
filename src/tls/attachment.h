/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ties an SSL_CTX to a ring, and how a callback finds it. The ticket key callback gets an SSL
 * and nothing else, and after SNI switched contexts SSL_get_SSL_CTX() is another SSL_CTX than the
 * one that accepted the connection; meet.c says how a connection leads to its first SSL_CTX all the
 * same.
 */
#ifndef STEK_TLS_ATTACHMENT_H
#define STEK_TLS_ATTACHMENT_H

#include "ringfile/ring.h"
#include "tls/context/chosen.h"
#include "tls/methods.h"
#include "tls/ossl.h"

#include <stdalign.h>
#include <stdatomic.h>

/* Whether stek's ticket key callback has been set again at the SSL_CTX's first handshake, as
 * override asks. */
enum { STEK_OVERRIDE_DONE, STEK_OVERRIDE_TODO, STEK_OVERRIDE_BUSY };

/* Whose session-ticket callbacks an SSL_CTX has. */
enum { STEK_SESSIONS_UNKNOWN, STEK_SESSIONS_OURS, STEK_SESSIONS_PROGRAMS };

/*
 * One for each SSL_CTX, in a slot (slots.h). Every SSL holds the SSL_CTX that it was made from, so
 * the attachment outlives the SSLs that lead to it.
 */
struct stek_attachment {
    alignas(
        8) struct stek_attachment *next_unused; /* of slots.c; aligned for the notes of meet.c */
    _Atomic(SSL_CTX *) ctx;                     /* not held; NULL: the slot is not in use */
    uint64_t number;                            /* no other attachment ever had it */
    struct stek_ring *ring;
    const struct stek_methods *methods;
    struct stek_place place; /* its context */
    struct stek_place own;   /* for tickets that stek's session-ticket callbacks have no part in */
    stek_ossl_security_cb security_cb; /* what stek's own goes on to; NULL: not wrapped */
    void (*put_back)(SSL_CTX *);       /* sets stek's ticket key callback again */
    atomic_int sessions;               /* whose those callbacks were at the last ticket */
    atomic_int override_state;
    atomic_bool replaced; /* the ticket key callback is the program's */
    atomic_bool missed;   /* a connection did not lead here: libssl's own keys serve now */
    bool wins;            /* as override asks */
    bool any_name;        /* options of stek_attach() */
    bool any_id_context;  /* likewise */
    int early_data;       /* likewise: an enum stek_early_data */
};

/* The attachment of the SSL_CTX that accepted this connection, or NULL. Borrowed. Thread-safe. */
struct stek_attachment *stek_attachment_get0(const SSL *ssl);

/* The same, in a callback whose argument is the attachment, unless a program calls stek's callback
 * from its own. */
struct stek_attachment *stek_attachment_of_callback(const SSL *ssl, void *arg);

/*
 * Gives an SSL_CTX its attachment, or another content to the one that it has. It takes a hold on
 * the ring. Borrowed. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO. Not thread-safe for one SSL_CTX.
 */
STEK_MUST_USE enum stek_result stek_attachment_enter(SSL_CTX *ctx, struct stek_ring *ring,
                                                     const struct stek_context *label,
                                                     const struct stek_attach_options *options,
                                                     struct stek_attachment **ret_attachment);

/* The attachment of an SSL_CTX, or NULL. Borrowed. Thread-safe. */
struct stek_attachment *stek_attachment_of(const SSL_CTX *ctx);

/*
 * Notes in the SSL that a ticket has opened, when anything is counted; and whether that was noted,
 * which it is not any more then. Until the handshake is over libssl may still refuse the session.
 * For the connection's own thread.
 */
void stek_attachment_note_opened(SSL *ssl, struct stek_attachment *attachment);
bool stek_attachment_forget_opened(SSL *ssl, const struct stek_attachment *attachment);

/*
 * Notes in the SSL that its early data is dealt with: stek let it pass, or has said that it was not
 * asked. Returns whether that is news; false also where nothing can be noted. For the connection's
 * own thread.
 */
bool stek_attachment_note_early_data(SSL *ssl, struct stek_attachment *attachment);

/*
 * Notes in the SSL that its ticket is to be judged once more (made.h), whether that is noted, and
 * takes the note away; each returns whether it is or was there. For the connection's own thread.
 */
bool stek_attachment_note_again(SSL *ssl, struct stek_attachment *attachment);
bool stek_attachment_is_again(const SSL *ssl, const struct stek_attachment *attachment);
bool stek_attachment_take_again(SSL *ssl, const struct stek_attachment *attachment);

/* The SSL_CTX that the connection has now is in use (servers.h). Thread-safe. */
void stek_attachment_use(const SSL *ssl, bool serves);

/* The keys of the attachment's context, for a ticket of this connection. NULL: no memory.
 * Thread-safe. */
struct stek_keys *stek_attachment_keys(struct stek_attachment *attachment, SSL *ssl);

/* The keys under which the SSL_CTX's tickets open exactly where libssl's own would have opened
 * them. NULL: as above. Thread-safe. */
struct stek_keys *stek_attachment_own_keys(struct stek_attachment *attachment, SSL *ssl);

/*
 * A ticket is due on a connection that does not lead to its attachment, so tickets would be lost
 * unseen. The SSL_CTX goes back to libssl's own keys, or gets what was asked for in their place;
 * the watcher is told, and it is counted. `attachment` NULL: that of the SSL_CTX that the
 * connection has now. Thread-safe.
 */
void stek_attachment_missed(SSL *ssl, struct stek_attachment *attachment);

/* What an SSL_CTX gets then; NULL: libssl's own keys. Holds for the whole process. Thread-safe. */
typedef void (*stek_instead_fn)(SSL_CTX *ctx);
void stek_attachment_when_missed(stek_instead_fn instead);

/* The program's ticket key callback serves, though stek's was set before. Counted once for each
 * SSL_CTX, unless stek itself took its own away. Thread-safe. */
void stek_attachment_replaced(struct stek_attachment *attachment);

/* Early data was accepted, and stek was not asked. Counted for each connection. Thread-safe. */
void stek_attachment_unchecked(struct stek_attachment *attachment);

/* What an observer is told, from any thread; the first two once for each SSL_CTX. */
enum stek_event { STEK_EVENT_MISSED, STEK_EVENT_REPLACED, STEK_EVENT_UNCHECKED_EARLY_DATA };
typedef void (*stek_watch_fn)(enum stek_event event);

/* NULL: nobody watches. */
void stek_attachment_watch(stek_watch_fn watch);

#endif
