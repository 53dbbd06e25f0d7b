/* SPDX-License-Identifier: Apache-2.0 */
/* The wire between a client and a server in memory: a stream for TLS, datagrams for DTLS. */
#ifndef TESTS_UNIT_TLS_WIRE_H
#define TESTS_UNIT_TLS_WIRE_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* Joins the two; both have a wire's end when it returns, and free it with themselves. */
void tls_wire_join(SSL *client, SSL *server, bool datagrams);

#endif
