/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of OpenSSL 3 for BoringSSL. The library for it includes this first in every file
 * (src/adapters/meson.build), so no other file asks for names.
 */
#ifndef STEK_CRYPTO_BORINGSSL_H
#define STEK_CRYPTO_BORINGSSL_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

typedef void OSSL_LIB_CTX;

/* One generator for all. It looks after forks by itself. */
#define RAND_bytes_ex(library, bytes, len, strength) RAND_bytes(bytes, len)
#define RAND_priv_bytes_ex(library, bytes, len, strength) RAND_bytes(bytes, len)

#endif
