/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/refuse.h"

#include "crypto/hkdf.h"

#include <stdatomic.h>
#include <string.h>

/* RFC 9846 section 4.6.1: 0 would be better, but libssl fails to encode such a session again. */
enum { SHORTEST_LIFE_S = 1 };

struct stek_master_key {
    size_t len;
    unsigned char bytes[SSL_MAX_MASTER_KEY_LENGTH];
};

static inline void stek_master_key_wipe(struct stek_master_key *master)
{
    stek_wipe(master, sizeof *master);
}

/* Keys for one ticket. */
struct refused {
    struct stek_ticket_key key;
    struct stek_fingerprint iv;
};

static inline void refused_wipe(struct refused *refused)
{
    stek_wipe(refused, sizeof *refused);
}

/*
 * The keys come from the secret of the very session that they seal, which is another one for each
 * ticket. Whoever can compute them has that session already; and no random generator is asked,
 * which may be what failed.
 */
static bool derive(const SSL_SESSION *session, struct refused *ret_refused)
{
    static const uint8_t salt[] = {'s', 't', 'e', 'k', ' ', 'r', 'e', 'f', 'u', 's', 'e', 'd'};
    static const struct stek_context none = {.len = 0};
    STEK_SECRET(stek_master_key) struct stek_master_key master;
    STEK_SECRET(stek_secret32) struct stek_secret32 secret;

    master.len = SSL_SESSION_get_master_key(session, master.bytes, sizeof master.bytes);
    return master.len > 0 &&
           stek_hkdf_extract(salt, sizeof salt, master.bytes, master.len, secret.bytes) ==
               STEK_OK &&
           stek_derive_ticket_key(&secret, &none, &ret_refused->key) == STEK_OK &&
           stek_derive_fingerprint(&secret, &ret_refused->iv) == STEK_OK;
}

int stek_refuse_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       struct stek_ossl_mac mac)
{
    STEK_SECRET(refused) struct refused refused;
    SSL_SESSION *session = SSL_get_session(ssl);

    if (SSL_version(ssl) != TLS1_3_VERSION || stek_ossl_takes_no_ticket())
        return 0;
    if (session == NULL || !derive(session, &refused) ||
        EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, refused.key.aes_key,
                           refused.iv.bytes) != 1 ||
        !stek_ossl_mac_init(mac, refused.key.hmac_key, EVP_sha256()))
        return -1;
    memcpy(name, refused.key.name, sizeof refused.key.name);
    memcpy(iv, refused.iv.bytes, sizeof refused.iv.bytes);
    (void)SSL_SESSION_set_timeout(session, SHORTEST_LIFE_S);
    return 1;
}

static int refuse_evp(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int enc)
{
    return enc == 0 ? 0
                    : stek_refuse_ticket(ssl, name, iv, cipher, (struct stek_ossl_mac){.evp = mac});
}

static int refuse_hmac(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       HMAC_CTX *mac, int enc)
{
    return enc == 0
               ? 0
               : stek_refuse_ticket(ssl, name, iv, cipher, (struct stek_ossl_mac){.hmac = mac});
}

/* What the SSL_CTXs had before: libssl's default, where they are new. */
static _Atomic(stek_ossl_security_cb) security_cb_before;

/* libssl asks it when a handshake begins (meet.h), and counts tickets in the SSL. */
static int want_no_tickets(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                           void *other, void *ex)
{
    if (op == SSL_SECOP_VERSION && ssl != NULL && SSL_is_server(ssl))
        (void)SSL_set_num_tickets((SSL *)(uintptr_t)ssl, 0);
    return atomic_load_explicit(&security_cb_before, memory_order_acquire)(ssl, ctx, op, bits, nid,
                                                                           other, ex);
}

static void wrap_security_cb(SSL_CTX *ctx)
{
    const stek_ossl_security_cb before = SSL_CTX_get_security_callback(ctx);
    stek_ossl_security_cb known = NULL;

    if (before == NULL || before == want_no_tickets)
        return;
    if (atomic_compare_exchange_strong(&security_cb_before, &known, before) || known == before)
        SSL_CTX_set_security_callback(ctx, want_no_tickets);
}

void stek_refuse_tickets(SSL_CTX *ctx)
{
    if (!stek_ossl_takes_no_ticket()) {
        /* SSL_CTX_new() undoes the first; behind a callback of meet.c there is no second. */
        (void)SSL_CTX_set_num_tickets(ctx, 0);
        wrap_security_cb(ctx);
    }
    stek_ossl_install(ctx, refuse_evp, refuse_hmac);
}
