/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of OpenSSL 3 for OpenSSL 1.1.1. The build includes it first in every file where that is
 * the libcrypto (meson.build), and nowhere else, so no other file asks for names.
 */
#ifndef STEK_CRYPTO_OPENSSL11_H
#define STEK_CRYPTO_OPENSSL11_H

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

#include <stdint.h>

#define EVP_CIPHER_CTX_get_iv_length EVP_CIPHER_CTX_iv_length
#define EVP_CIPHER_get_block_size EVP_CIPHER_block_size
#define EVP_CIPHER_get_flags EVP_CIPHER_flags
#define EVP_CIPHER_get_iv_length EVP_CIPHER_iv_length
#define EVP_CIPHER_get_key_length EVP_CIPHER_key_length
#define EVP_CIPHER_get_mode EVP_CIPHER_mode
#define EVP_MD_get_size EVP_MD_size

/* Methods are built in: there is nothing to fetch, to count or to free. */
#define EVP_CIPHER_fetch(library, name, properties)                                                \
    ((EVP_CIPHER *)(uintptr_t)EVP_get_cipherbyname(name))
#define EVP_CIPHER_free(cipher) ((void)(cipher))
#define EVP_MD_fetch(library, name, properties) ((EVP_MD *)(uintptr_t)EVP_get_digestbyname(name))
#define EVP_MD_free(digest) ((void)(digest))
#define EVP_EncryptInit_ex2(ctx, cipher, key, iv, params)                                          \
    EVP_EncryptInit_ex(ctx, cipher, NULL, key, iv)
#define EVP_DecryptInit_ex2(ctx, cipher, key, iv, params)                                          \
    EVP_DecryptInit_ex(ctx, cipher, NULL, key, iv)

typedef void OSSL_LIB_CTX;
#define OSSL_PROVIDER void
#define EVP_CIPHER_get0_provider(cipher) NULL
#define EVP_MD_get0_provider(digest) NULL
#define OSSL_PROVIDER_get0_name(provider) ""

/* There is one kind of ticket key callback, the older one. */
#define EVP_MAC_CTX HMAC_CTX
#define SSL_CTX_set_tlsext_ticket_key_evp_cb SSL_CTX_set_tlsext_ticket_key_cb

#define RAND_bytes_ex(library, bytes, len, strength) RAND_bytes(bytes, (int)(len))
#define RAND_priv_bytes_ex(library, bytes, len, strength) RAND_priv_bytes(bytes, (int)(len))

#define ERR_SYSTEM_ERROR(error) (ERR_GET_LIB(error) == ERR_LIB_SYS)
#define ERR_raise(library, reason) ERR_put_error(library, 0, reason, __FILE__, __LINE__)

/* A connection that ends without a close_notify is a system error there, not one of libssl's. */
#define SSL_OP_IGNORE_UNEXPECTED_EOF 0
#define SSL_R_UNEXPECTED_EOF_WHILE_READING 0

#define X509_VERSION_3 2

/* What a certificate has to be for cannot be read there: it counts as not set. */
#define X509_VERIFY_PARAM_get0_host(parameters, n) ((void)(parameters), (const char *)NULL)
#define X509_VERIFY_PARAM_get0_email(parameters) ((void)(parameters), (const char *)NULL)
#define X509_VERIFY_PARAM_get1_ip_asc(parameters) ((void)(parameters), (char *)NULL)

/* It only reads the name, and the session. */
#define X509_NAME_get_index_by_NID(name, nid, at)                                                  \
    X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)(name), nid, at)
#define i2d_SSL_SESSION(session, out) i2d_SSL_SESSION((SSL_SESSION *)(uintptr_t)(session), out)

/* Its own macros take the const away, which clang minds. */
#undef SSL_set_tlsext_host_name
#define SSL_set_tlsext_host_name(ssl, name)                                                        \
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,                         \
             (void *)(uintptr_t)(name))
#undef SSL_CTX_set1_groups_list
#define SSL_CTX_set1_groups_list(ctx, list)                                                        \
    SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, (void *)(uintptr_t)(list))

/* The session keeps it alive. */
static inline X509 *SSL_get0_peer_certificate(const SSL *ssl)
{
    X509 *cert = SSL_get_peer_certificate(ssl);

    X509_free(cert);
    return cert;
}

static inline EVP_PKEY *stek_openssl11_generate(int kind, int curve, int bits)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(kind, NULL);
    EVP_PKEY *key = NULL;

    if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
        (kind == EVP_PKEY_EC ? EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, curve)
                             : EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits)) == 1)
        (void)EVP_PKEY_keygen(ctx, &key);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

#define EVP_EC_gen(curve) stek_openssl11_generate(EVP_PKEY_EC, EC_curve_nist2nid(curve), 0)
#define EVP_RSA_gen(bits) stek_openssl11_generate(EVP_PKEY_RSA, 0, bits)

#endif
