/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and ClientHellos of libssl's own, for tests of what is done to them. */
#ifndef TESTS_UNIT_AUDIT_HELLO_H
#define TESTS_UNIT_AUDIT_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* A session with a ticket, out of a handshake in memory; the caller frees it. */
SSL_SESSION *audit_session(int version, const char *suites13);

/* Its encoding; returns the length. */
size_t audit_session_der(const SSL_SESSION *session, uint8_t *ret_der, size_t len);

/* The ClientHello message that offers it; returns the length. */
size_t audit_client_hello(SSL_SESSION *session, uint8_t *ret_message, size_t len);

#endif
