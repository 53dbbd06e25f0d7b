/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: what tickets must not cross. docs/formats.md has the bytes. */
#ifndef STEK_TLS_CONTEXT_H
#define STEK_TLS_CONTEXT_H

#include "crypto/derive.h"
#include "tls/ossl.h"

#include <stdbool.h>

/* An explicit label, 1 to 255 printable ASCII characters; NULL gives an empty context, which stands
 * for `auto`. */
bool stek_context_label(const char *label, struct stek_context *ret_context);

/*
 * The `auto` context of an SSL_CTX: SHA-256 over the DNS names of all its certificates, its verify
 * mode and its client-CA names. It reads the certificates through an SSL of its own, since walking
 * those of an SSL_CTX moves the SSL_CTX's current one. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO.
 * Thread-safe as SSL_new(3) is.
 */
STEK_MUST_USE enum stek_result stek_context_auto(SSL_CTX *ctx, struct stek_context *ret_context);

#endif
