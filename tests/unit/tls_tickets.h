/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets as bytes: the one in a session, its key's name, and sessions with another ticket in its
 * place. */
#ifndef TESTS_UNIT_TLS_TICKETS_H
#define TESTS_UNIT_TLS_TICKETS_H

#include "tls_fixture.h"

#include "crypto/derive.h"

/* Borrowed from the session. */
const uint8_t *tls_ticket_bytes(const SSL_SESSION *session, size_t *ret_len);

/* Whether both tickets were sealed under the same key. */
bool tls_same_key(const SSL_SESSION *a, const SSL_SESSION *b);

/* A copy of the session with another ticket. Lives until the test ends. */
SSL_SESSION *tls_with_ticket(struct tls_test *test, const SSL_SESSION *session,
                             const uint8_t *ticket, size_t len);

/* The key of the record that seals in `ring` now, in the auto context of `server`, derived by
 * itself. */
struct stek_ticket_key tls_active_key(const struct stek_ring *ring, SSL_CTX *server);

/* What is sealed in the ticket, opened by itself with a key that should fit; fails the test if it
 * does not. */
struct tls_state {
    size_t len;
    uint8_t bytes[2048];
};
void tls_ticket_open(const SSL_SESSION *session, const struct stek_ticket_key *key,
                     struct tls_state *ret_state);

/* A ticket with this state, sealed by itself. Returns its length. */
size_t tls_ticket_seal(const struct tls_state *state, const struct stek_ticket_key *key,
                       const uint8_t iv[16], uint8_t ret_ticket[4096]);

/* Cuts `count` bytes off the ciphertext's end and computes the MAC anew. Returns the new length. */
size_t tls_ticket_cut(uint8_t *ticket, size_t len, size_t count, const struct stek_ticket_key *key);

/* The timeout of the session in the ticket, in seconds. */
long tls_ticket_timeout_s(const SSL_SESSION *session, const struct stek_ticket_key *key);

#endif
