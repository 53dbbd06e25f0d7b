/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library context in which stek computes. It is the program's default one wherever that has
 * what stek needs: so providers that were configured (FIPS, hardware) do stek's work, too.
 *
 * Some programs leave the default one empty, by the provider "null", and work in a context of their
 * own, which no library can find. For them stek makes one of its own, with the providers that are
 * built into libcrypto. It does not do so where the program said which implementations may be used,
 * by properties or by a FIPS provider: then what is forbidden to the program is forbidden to stek.
 */
#ifndef STEK_CRYPTO_LIBCTX_H
#define STEK_CRYPTO_LIBCTX_H

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* Borrowed; it lives as long as the process. Found at the first call, which must not be made while
 * libcrypto reads its configuration, since it may have to wait for that. Thread-safe. */
OSSL_LIB_CTX *stek_libctx_get0(void);

/* SHA-256 in that context, borrowed. NULL: there is none; the next call asks again. Thread-safe. */
const EVP_MD *stek_libctx_sha256(void);

/* HKDF in that context, likewise; an EVP_KDF, which OpenSSL 1.1.1 does not know. */
struct evp_kdf_st *stek_libctx_hkdf(void);

#endif
