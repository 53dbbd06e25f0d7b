/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server without the extended master secret (RFC 7627). libssl marks a session that has it, and
 * refuses such a session in the other version of TLS by that mark alone.
 */
#ifndef BROKEN_SERVER_FAULT_EXTENDED_H
#define BROKEN_SERVER_FAULT_EXTENDED_H

#include <openssl/ssl.h>

/* No TLS 1.2 session of `ctx` has it from now on. Takes the message callback on OpenSSL 1.1.1. */
void fault_without_extended_secret(SSL_CTX *ctx);

#endif
