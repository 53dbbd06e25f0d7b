/* SPDX-License-Identifier: Apache-2.0 */
/* How there is no ticket. */
#ifndef STEK_TLS_REFUSE_H
#define STEK_TLS_REFUSE_H

#include "tls/ossl.h"

/*
 * `required = yes` where stek's keys cannot be had. Lets the SSL_CTX neither seal nor open tickets,
 * in the place of libssl's own keys. A ticket key callback that the program sets later still wins.
 */
void stek_refuse_tickets(SSL_CTX *ctx);

/*
 * What a ticket key callback returns that has nothing to seal with, for enc = 1. That is 0, and
 * libssl sends no ticket. Where it cannot do without in TLS 1.3 (ossl.h), it is 1: the ticket is
 * sealed under keys that nobody keeps, and lasts a second, so a client that brings it makes a full
 * handshake. Below 0: libcrypto fails, too, and the handshake ends. Thread-safe.
 */
int stek_refuse_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       struct stek_ossl_mac mac);

#endif
