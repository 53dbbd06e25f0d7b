/* SPDX-License-Identifier: Apache-2.0 */
/* An mbedTLS server in memory, and OpenSSL's client that visits it with TLS 1.2. */
#ifndef TESTS_UNIT_MBEDTLS_SERVER_H
#define TESTS_UNIT_MBEDTLS_SERVER_H

#include "stek.h"

#include <stek-mbedtls.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>

#include <openssl/ssl.h>

#include <stdbool.h>

struct mbedtls_server {
    mbedtls_ssl_config conf;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    struct stek_mbedtls tickets;
};

/* With a certificate of its own; its tickets are of the label, which is borrowed. */
void mbedtls_server_start(struct mbedtls_server *server, struct stek_label *label);
void mbedtls_server_stop(struct mbedtls_server *server);

struct mbedtls_visit {
    bool done; /* both sides finished the handshake */
    bool resumed;
    SSL_SESSION *session; /* of the client, for the caller to free */
};

/* `session`: to resume, or NULL. */
struct mbedtls_visit mbedtls_server_visit(struct mbedtls_server *server, SSL_CTX *client,
                                          SSL_SESSION *session);

#endif
