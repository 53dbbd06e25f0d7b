/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: what tickets must not cross. docs/formats.md has the bytes. */
#ifndef STEK_TLS_CONTEXT_CONTEXT_H
#define STEK_TLS_CONTEXT_CONTEXT_H

#include "core/label.h"
#include "crypto/derive.h"
#include "tls/context/nameset.h"
#include "tls/ossl.h"

#include <stdbool.h>

/* How far an `auto` context reaches. */
enum stek_sharing {
    STEK_SHARING_NAMES = 0,        /* all servers of the same names */
    STEK_SHARING_OPENSSL = 1,      /* as far as libssl's own ticket keys do */
    STEK_SHARING_CONFIGURATION = 2 /* programs that verify peers in the same way */
};

enum { STEK_DIGEST_LEN = 32 };

/*
 * The `auto` context of a set of names. `limit` is what sharing is limited by: NULL for
 * STEK_SHARING_NAMES, else 32 bytes. The set is sorted on the way. Errors: STEK_ERR_CRYPTO.
 */
STEK_MUST_USE enum stek_result stek_context_of(enum stek_sharing sharing,
                                               struct stek_nameset *names, const uint8_t *limit,
                                               struct stek_context *ret_context);

/*
 * The `auto` context of an SSL_CTX. STEK_SHARING_CONFIGURATION takes `configuration`, the digest of
 * it, which is NULL otherwise. `one_cert`: the SSL_CTX never had more than one certificate, which
 * saves time. An SSL_CTX without a certificate has no names and gets STEK_SHARING_OPENSSL whatever
 * is asked for; *ret_sharing says what it got. Errors: STEK_ERR_CRYPTO. Thread-safe as SSL_new(3)
 * is.
 */
STEK_MUST_USE enum stek_result stek_context_auto(SSL_CTX *ctx, enum stek_sharing sharing,
                                                 const uint8_t *configuration, bool one_cert,
                                                 enum stek_sharing *ret_sharing,
                                                 struct stek_context *ret_context);

#endif
