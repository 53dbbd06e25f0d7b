/* SPDX-License-Identifier: Apache-2.0 */
/* What stek knows and demands of the session in a ticket. */
#ifndef STEK_TLS_SESSION_H
#define STEK_TLS_SESSION_H

#include "tls/handover.h"
#include "tls/ossl.h"

#include <stdbool.h>

/*
 * Whether a ticket may be made of this connection's session, with a key that opens until
 * accept_until. Not without a chain (it would escape the cap), not when nothing is left to
 * promise, and not where libssl would answer the ticket with a fatal alert: when peers are verified
 * and the session has no session-id context (ssl_get_prev_session() in libssl).
 */
bool stek_session_may_be_sealed(SSL *ssl, int64_t accept_until, int64_t max_session_age_s,
                                int64_t now);

/* What stek's generate callback left, or that the program has put its own appdata in the place of
 * stek's since. */
enum stek_generated stek_session_look_again(SSL *ssl, enum stek_generated how);

/* The last of these alone, for a session that stek does not look into. */
bool stek_session_may_resume(SSL *ssl);

#endif
