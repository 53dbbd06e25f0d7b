/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session-id context of the ring, in the place of the program's: `session_id_context = ring`.
 * Some programs make one up for each process, and libssl resumes nothing under another one.
 */
#ifndef STEK_TLS_IDCONTEXT_H
#define STEK_TLS_IDCONTEXT_H

#include "tls/ossl.h"

/* For a session that is about to be sealed, and for a connection whose ticket has just opened,
 * before libssl compares the two. Failures leave the program's: then nothing resumes. */
void stek_id_context_of_session(SSL_SESSION *session);
void stek_id_context_of_connection(SSL *ssl);

#endif
