/* SPDX-License-Identifier: Apache-2.0 */
/* The server name (RFC 6066 section 3) as tickets carry it: hashed, in lower case, zeros when there
 * is none. */
#ifndef STEK_TLS_SERVERNAME_H
#define STEK_TLS_SERVERNAME_H

#include "core/appdata.h"
#include "tls/ossl.h"

#include <stdbool.h>

/* Hashes a name; of length 0, it is as none. False: libcrypto failed. */
bool stek_server_name_hash(const char *name, size_t len, uint8_t ret_hash[STEK_NAME_HASH_LEN]);

/* What the connection, after a full handshake, was for. False: libcrypto failed. */
bool stek_server_name_of_connection(const SSL *ssl, uint8_t ret_hash[STEK_NAME_HASH_LEN]);

/* What the ClientHello asks for; only while it is being read. False: it cannot be told, or
 * libcrypto failed. */
bool stek_server_name_of_hello(SSL *ssl, uint8_t ret_hash[STEK_NAME_HASH_LEN]);

#endif
