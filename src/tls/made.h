/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared ticket may come from an SSL_CTX that demands less than this one, and it opens before the
 * program's callbacks for server name and application protocol, which may demand more. With
 * libssl's own keys it would not open at all. So what a full handshake would have refused is looked
 * for twice: when the ticket opens, and when the next one is due, which is the last moment.
 *
 * What kinds of sessions an SSL_CTX has made itself is remembered, for all forks of the program. A
 * client could have got such a session there, and libssl would resume it: these are not looked at
 * again. `ctx` is the SSL_CTX that accepted the connection.
 */
#ifndef STEK_TLS_MADE_H
#define STEK_TLS_MADE_H

#include "tls/ossl.h"

#include <stdbool.h>

/* Maps the memory that this process shares with children forked later; to be called before it
 * forks. Without that memory each process remembers for itself. Thread-safe; only the first call
 * counts. */
void stek_made_prepare(void);

/* Remembers the kind of the connection's session, and whether its handshake demanded a certificate;
 * to be called where its ticket will be shared. Thread-safe, never waits. */
void stek_made_note(SSL *ssl, SSL_CTX *ctx);

/* Remembers that the connection's session was unwanted, so that the next one of its kind is refused
 * when it opens. Thread-safe, never waits. */
void stek_made_note_unwanted(SSL *ssl, SSL_CTX *ctx);

enum stek_made {
    STEK_MADE_HERE,    /* this SSL_CTX has made such sessions */
    STEK_MADE_WELCOME, /* nothing speaks against it by now */
    STEK_MADE_UNWANTED /* a full handshake would not have made it */
};

/* The session of a shared ticket that has just opened on this connection. Thread-safe. */
enum stek_made stek_made_judge(SSL *ssl, SSL_CTX *ctx, SSL_SESSION *session);

/* Whether libssl would not have made the connection's session here: it has a cipher that is not
 * allowed, or no certificate where one is demanded. */
bool stek_made_is_unwanted(const SSL *ssl, const SSL_SESSION *session);

/* Whether a client certificate is demanded in the handshake. */
bool stek_made_demands_cert(const SSL *ssl);

#endif
