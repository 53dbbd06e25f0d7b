/* SPDX-License-Identifier: Apache-2.0 */
/* When what a client was verified with ends. A resumption verifies nothing (RFC 9846 section
 * 4.6.1), so the ticket remembers. */
#ifndef STEK_TLS_VERIFIED_H
#define STEK_TLS_VERIFIED_H

#include "tls/ossl.h"

#include <stdbool.h>

/*
 * The last second in which all certificates are good that the client was verified with on this
 * connection: its own and those of the chain. Those that had ended by `now` do not count, since the
 * program took the client all the same. False: none was verified on this connection, as after a
 * resumption. Never 0. For the connection's own thread.
 */
bool stek_verified_until(SSL *ssl, int64_t now, int64_t *ret_until);

/* The last second of the client's own certificate in a session; 0: it has none. */
int64_t stek_verified_until_of_session(const SSL_SESSION *session);

#endif
