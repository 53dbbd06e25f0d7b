/* SPDX-License-Identifier: Apache-2.0 */
/* What peers are verified with, as bytes that are hashed: parameters and stores. docs/formats.md.
 */
#ifndef STEK_TLS_CONTEXT_PARAMETERS_H
#define STEK_TLS_CONTEXT_PARAMETERS_H

#include "tls/ossl.h"

#include <stdbool.h>

/* A 64-bit number, big-endian. */
bool stek_hash_u64(EVP_MD_CTX *hash, uint64_t number);

/* u32 length and the text; of NULL, the length ff ff ff ff. */
bool stek_hash_text(EVP_MD_CTX *hash, const char *text);

/* All that can be read of the parameters. */
bool stek_hash_parameters(EVP_MD_CTX *hash, X509_VERIFY_PARAM *parameters);

/* The store's parameters, and its certificates and CRLs as two sets. NULL: a mark for none. */
bool stek_hash_store(EVP_MD_CTX *hash, X509_STORE *store);

#endif
