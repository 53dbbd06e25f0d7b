/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that are others when something has changed, as good as surely. They are made at every
 * ticket where peers are verified, so they cost little; nothing is derived from them.
 */
#ifndef STEK_TLS_CONTEXT_MARK_H
#define STEK_TLS_CONTEXT_MARK_H

#include "tls/ossl.h"

/* One more number, or these bytes. The order counts. */
uint64_t stek_mark_add(uint64_t mark, uint64_t number);
uint64_t stek_mark_add_bytes(uint64_t mark, const void *bytes, size_t len);

/* What stek_hash_parameters() reads. */
uint64_t stek_mark_parameters(X509_VERIFY_PARAM *parameters);

/* What stek_hash_store() reads: of certificates and CRLs their signatures. NULL: 0. */
uint64_t stek_mark_store(X509_STORE *store);

#endif
