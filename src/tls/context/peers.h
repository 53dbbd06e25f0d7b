/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this program verifies its peers. Once that was seen, it holds for the whole program and
 * its forks, for as long as one of them lives: what a virtual host trusts is not known yet when a
 * ticket opens, so the SSL_CTX that opens it cannot tell by itself.
 *
 * The attacker is a client who was let in at one place and takes its ticket to another, which
 * trusts others, or trusts no longer whom it trusted.
 */
#ifndef STEK_TLS_CONTEXT_PEERS_H
#define STEK_TLS_CONTEXT_PEERS_H

#include "tls/ossl.h"

#include <stdbool.h>

/*
 * Maps the memory that this process shares with children forked later; to be called before it
 * forks. Without that memory, peers count as verified. Thread-safe; only the first call does
 * something.
 */
void stek_peers_prepare(void);

/* Thread-safe, never waits. */
bool stek_peers_are_verified(void);

/* Notes that peers are verified. Thread-safe, never waits. */
void stek_peers_note(void);

/* Whether somebody's identity is in the session: a certificate or raw public key. */
bool stek_peers_in_session(const SSL_SESSION *session);

/* Looks at a server's connection, in a ticket callback: whether it verifies its peer, or knows who
 * that is by a certificate, a raw key, a pre-shared key or a password (SRP); notes it. */
void stek_peers_look(SSL *ssl);

/* The same for a connection whose session libssl keeps: stek seals no ticket for it, and a
 * pre-shared key without an identity cannot be told from a resumption. */
void stek_peers_look_at_stateful(SSL *ssl);

/* Forgets what was noted. For tests. */
void stek_peers_forget(void);

#endif
