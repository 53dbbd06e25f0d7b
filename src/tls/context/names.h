/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a server's certificates are for. */
#ifndef STEK_TLS_CONTEXT_NAMES_H
#define STEK_TLS_CONTEXT_NAMES_H

#include "tls/context/nameset.h"
#include "tls/ossl.h"

/*
 * Adds the names of all certificates of the SSL_CTX to the set; nothing when it has no certificate.
 * It reads them through an SSL of its own, since walking those of an SSL_CTX moves the SSL_CTX's
 * current one. False: no memory, or libcrypto refuses. Thread-safe as SSL_new(3) is.
 */
bool stek_names_of(SSL_CTX *ctx, struct stek_nameset *names);

/* The same for an SSL_CTX that was given one certificate and never another: no SSL is needed.
 * Thread-safe. */
bool stek_names_of_only(SSL_CTX *ctx, struct stek_nameset *names);

/* Adds what stands in the SSL_CTX's current certificate for names, in one member; nothing when it
 * has none. It makes no SSL and takes no name apart. False: as above. Thread-safe. */
bool stek_names_as_they_stand(SSL_CTX *ctx, struct stek_nameset *names);

#endif
