/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that differs between OpenSSL versions and between its two kinds of ticket key callback, in
 * one place.
 *
 * OpenSSL 3 knows an older callback (HMAC_CTX) and the evp callback (EVP_MAC_CTX). If both are set
 * the evp one is called, whatever the order; within a kind the last one set is. stek installs the
 * older one and takes the evp one away: then whatever the program sets later wins, and a ticket
 * takes two thirds of the time, since around the evp one libssl fetches HMAC and its digest for
 * each ticket (docs/performance.md). The evp one is for builds of OpenSSL without the older.
 */
#ifndef STEK_TLS_OSSL_H
#define STEK_TLS_OSSL_H

#include "stek.h"

#include "crypto/derive.h"
#include "crypto/libctx.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>
#include <openssl/ssl.h>
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#endif

#include <limits.h>
#include <stdbool.h>

#if OPENSSL_VERSION_NUMBER < 0x10101000L
#error "stek needs OpenSSL 1.1.1 or later"
#endif

#ifdef OPENSSL_NO_DEPRECATED_3_0
#define STEK_HAVE_HMAC_CALLBACK 0
#else
#define STEK_HAVE_HMAC_CALLBACK 1
#endif

/*
 * Times of sessions as `long`, which is deprecated since 3.4, but all that 3.0 has: a build for a
 * later 3.x loads there, too. Where 3.3 is sure and `long` ends in 2038, its successor serves.
 */
#if OPENSSL_VERSION_NUMBER < 0x30300000L ||                                                        \
    (LONG_MAX > INT32_MAX && !defined OPENSSL_NO_DEPRECATED_3_4)
#define STEK_HAVE_LONG_TIMES 1
#else
#define STEK_HAVE_LONG_TIMES 0
#endif

/* OpenSSL 4 has no methods but fetched ones, and those of 1.1.1 are not fetched. */
#define STEK_HAVE_DIRECT_METHODS                                                                   \
    (STEK_HAVE_HMAC_CALLBACK && OPENSSL_VERSION_NUMBER >= 0x30000000L &&                           \
     OPENSSL_VERSION_NUMBER < 0x40000000L)

/* The MAC context that libssl hands to the callback; exactly one is set. */
struct stek_ossl_mac {
    EVP_MAC_CTX *evp;
    HMAC_CTX *hmac;
};

typedef int (*stek_ossl_evp_cb)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *,
                                EVP_MAC_CTX *, int);
typedef int (*stek_ossl_hmac_cb)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *,
                                 HMAC_CTX *, int);

/* The version without patch level, as in OPENSSL_VERSION_NUMBER: 0x30500000 for 3.5.x. */
static inline unsigned long stek_ossl_series(unsigned long version)
{
    return version & 0xfff00000UL;
}

/*
 * Whether stek was tested with this series: how connections are met (meet.h) leans on when libssl
 * calls what, so an unknown one gets libssl's own keys. The tests of docs/platforms.md decide what
 * is in the list.
 */
static inline bool stek_ossl_is_tested(unsigned long version)
{
    static const unsigned long tested[] = {0x10100000UL, 0x30000000UL, 0x30500000UL, 0x30600000UL,
                                           0x40000000UL};

    for (size_t i = 0; i < sizeof tested / sizeof *tested; i++)
        if (stek_ossl_series(version) == tested[i])
            return true;
    return false;
}

/*
 * Whether the libssl that runs takes 0 from a ticket key callback that shall seal in TLS 1.3. Until
 * 3.0.6 it then sends a NewSessionTicket that no client can read, and clients end the connection.
 */
static inline bool stek_ossl_takes_no_ticket(void)
{
    return OpenSSL_version_num() >= 0x30000060UL;
}

typedef int (*stek_ossl_security_cb)(const SSL *, const SSL_CTX *, int, int, int, void *, void *);

/* What CRYPTO_EX_dup gets: the address of the value. */
#if OPENSSL_VERSION_NUMBER < 0x30000000L
typedef void *stek_ossl_ex_value;
#else
typedef void **stek_ossl_ex_value;
#endif

/*
 * A new ex_data index behind the first 32: some programs use low ones that they never
 * asked for (FreeRADIUS: 1 and 10 to 16 of an SSL). Below 0: libcrypto refuses.
 */
static inline int stek_ossl_high_index(int class_index, CRYPTO_EX_dup *dup, CRYPTO_EX_free *free_fn)
{
    int index;

    do {
        index = CRYPTO_get_ex_new_index(class_index, 0, NULL, NULL, NULL, NULL);
    } while (index >= 0 && index < 31);
    return index < 0 ? index : CRYPTO_get_ex_new_index(class_index, 0, NULL, NULL, dup, free_fn);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* Takes both away: libssl's own keys serve then. */
static inline void stek_ossl_uninstall(SSL_CTX *ctx)
{
#if STEK_HAVE_HMAC_CALLBACK
    (void)SSL_CTX_set_tlsext_ticket_key_cb(ctx, NULL);
#endif
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, NULL);
}

/* Installs the better of the two callbacks in the place of whatever is there. */
static inline void stek_ossl_install(SSL_CTX *ctx, stek_ossl_evp_cb evp_cb,
                                     stek_ossl_hmac_cb hmac_cb)
{
#if STEK_HAVE_HMAC_CALLBACK
    (void)evp_cb;
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, NULL);
    (void)SSL_CTX_set_tlsext_ticket_key_cb(ctx, hmac_cb);
#else
    (void)hmac_cb;
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, evp_cb);
#endif
}

/*
 * EVP reaches a fetched method through its provider: parameters are looked up by name, and each use
 * of the method is counted in a word that all threads share. A copy of the method that is built
 * into libcrypto 3 takes EVP straight to the same code: keying AES, decrypting 208 bytes and
 * letting go took 156 ns instead of 264. NULL: there is no such copy.
 */
static inline EVP_CIPHER *stek_ossl_direct_aes256cbc(void)
{
#if STEK_HAVE_DIRECT_METHODS
    return EVP_CIPHER_meth_dup(EVP_aes_256_cbc());
#else
    return NULL;
#endif
}

static inline void stek_ossl_direct_free(EVP_CIPHER *cipher)
{
#if STEK_HAVE_DIRECT_METHODS
    EVP_CIPHER_meth_free(cipher);
#else
    (void)cipher;
#endif
}

static inline int stek_ossl_hmac_init(HMAC_CTX *hmac, const uint8_t key[STEK_HMAC_KEY_LEN],
                                      const EVP_MD *sha256)
{
#if STEK_HAVE_HMAC_CALLBACK
    return HMAC_Init_ex(hmac, key, STEK_HMAC_KEY_LEN, sha256, NULL) == 1;
#else
    (void)hmac, (void)key, (void)sha256;
    return 0;
#endif
}

/* What is in a store that is locked. OpenSSL 4 would have it copied, which takes longer than to
 * look at it, and that is done at each ticket. */
static inline const STACK_OF(X509_OBJECT) * stek_ossl_store_objects(const X509_STORE *store)
{
    return X509_STORE_get0_objects((X509_STORE *)(uintptr_t)store);
}

/* When a session began, in Unix seconds. */
static inline int64_t stek_ossl_session_time(const SSL_SESSION *session)
{
#if STEK_HAVE_LONG_TIMES
    return (int64_t)SSL_SESSION_get_time(session);
#else
    return (int64_t)SSL_SESSION_get_time_ex(session);
#endif
}

static inline void stek_ossl_session_set_time(SSL_SESSION *session, int64_t time_s)
{
#if STEK_HAVE_LONG_TIMES
    (void)SSL_SESSION_set_time(session, (long)time_s);
#else
    (void)SSL_SESSION_set_time_ex(session, (time_t)time_s);
#endif
}

#pragma GCC diagnostic pop

/*
 * Of a QUIC connection OpenSSL shows two SSLs. The program's, which this is, has a version of its
 * own (OSSL_QUIC1_VERSION, where the headers know it). The other one is inside it and speaks
 * TLS 1.3. In a callback the connection is locked: what looks into it through the program's SSL,
 * as SSL_get_options() does, waits for ever.
 */
static inline bool stek_ossl_is_quic(const SSL *ssl)
{
    return SSL_version(ssl) == 1;
}

/*
 * An SSL with the certificates of an SSL_CTX that makes none itself: OpenSSL's QUIC server. It is
 * a client's, so that no module takes its SSL_CTX for a server's. NULL: libssl refuses.
 */
static inline SSL *stek_ossl_new_for_certs(SSL_CTX *ctx)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    SSL_CTX *client = SSL_CTX_new_ex(stek_libctx_get0(), NULL, TLS_client_method());
    SSL *ssl = client != NULL ? SSL_new(client) : NULL;

    SSL_CTX_free(client);
    if (ssl == NULL || SSL_set_SSL_CTX(ssl, ctx) == ctx)
        return ssl;
    SSL_free(ssl);
#else
    (void)ctx;
#endif
    return NULL;
}

/* Whether the rules for tickets are those of TLS 1.3, as they are in QUIC. */
static inline bool stek_ossl_is_tls13(const SSL *ssl)
{
    return SSL_version(ssl) == TLS1_3_VERSION || stek_ossl_is_quic(ssl);
}

/* Whether an SSL_CTX does without the extended master secret (RFC 7627). There libssl answers a
 * session that has it with an alert. Before 3.0 no program could ask for that. */
static inline bool stek_ossl_has_no_ems(const SSL_CTX *ctx)
{
#ifdef SSL_OP_NO_EXTENDED_MASTER_SECRET
    return (SSL_CTX_get_options(ctx) & SSL_OP_NO_EXTENDED_MASTER_SECRET) != 0;
#else
    (void)ctx;
    return false;
#endif
}

/* The options, of QUIC those of the SSL_CTX. */
static inline uint64_t stek_ossl_options(const SSL *ssl)
{
    return stek_ossl_is_quic(ssl) ? (uint64_t)SSL_CTX_get_options(SSL_get_SSL_CTX(ssl))
                                  : (uint64_t)SSL_get_options(ssl);
}

/* Whether libssl keeps sessions of TLS 1.3 in a cache, and gives clients no more than their ids. */
static inline bool stek_ossl_keeps_sessions(const SSL *ssl)
{
    const uint64_t options = stek_ossl_options(ssl);

    return (options & SSL_OP_NO_TICKET) != 0 ||
           (SSL_get_max_early_data(ssl) > 0 && (options & SSL_OP_NO_ANTI_REPLAY) == 0);
}

/* The store that verifies in the place of SSL_CTX_get_cert_store(), or NULL. */
static inline X509_STORE *stek_ossl_verify_store(SSL_CTX *ctx)
{
    X509_STORE *store = NULL;

    return SSL_CTX_get0_verify_cert_store(ctx, &store) == 1 ? store : NULL;
}

/* Keys the MAC context with HMAC-SHA256. Returns whether that worked. */
static inline int stek_ossl_mac_init(struct stek_ossl_mac mac, const uint8_t key[STEK_HMAC_KEY_LEN],
                                     const EVP_MD *sha256)
{
#if OPENSSL_VERSION_NUMBER < 0x30000000L
    return stek_ossl_hmac_init(mac.hmac != NULL ? mac.hmac : mac.evp, key, sha256);
#else
    static char digest[] = "SHA256";
    OSSL_PARAM params[3];

    if (mac.hmac != NULL)
        return stek_ossl_hmac_init(mac.hmac, key, sha256);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key,
                                                  STEK_HMAC_KEY_LEN);
    params[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac.evp, params) == 1;
#endif
}

#endif
