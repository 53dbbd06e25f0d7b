/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket key callback: chooses the key and hands it to libssl, which seals and opens with it.
 */
#include "tls/callbacks.h"

#include "tls/attachment.h"
#include "tls/session.h"

#include <string.h>

enum { NO_TICKET = 0, SEALED = 1, UNKNOWN = 0, OPENED = 1, OPENED_RENEW = 2 };

/* The contexts that libssl hands to the callback. */
struct crypto {
    EVP_CIPHER_CTX *cipher;
    struct stek_ossl_mac mac;
};

static bool key_mac(struct stek_ossl_mac mac, const struct stek_ticket_key *key,
                    const struct stek_methods *methods)
{
    if (mac.hmac != NULL && methods->hmac_template != NULL)
        return stek_hmac_load(mac.hmac, methods->hmac_template, &key->hmac_state);
    return stek_ossl_mac_init(mac, key->hmac_key, methods->sha256);
}

static int seal_under(struct stek_attachment *attachment, struct stek_keys *keys, int64_t now,
                      SSL *ssl, unsigned char *name, unsigned char *iv, struct crypto with)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key active;
    struct stek_ring *ring = attachment->ring;
    uint8_t fresh_iv[STEK_IV_LEN];

    if (!stek_ring_seal(ring, keys, now, &active) ||
        !stek_session_may_be_sealed(ssl, active.accept_until, stek_ring_max_session_age_s(ring),
                                    now) ||
        stek_ring_iv(ring, fresh_iv) != STEK_OK)
        return NO_TICKET;
    const EVP_CIPHER *aes256cbc = stek_methods_aes256cbc(attachment->methods);
    if (EVP_EncryptInit_ex(with.cipher, aes256cbc, NULL, active.key.aes_key, fresh_iv) != 1 ||
        !key_mac(with.mac, &active.key, attachment->methods))
        return NO_TICKET;
    memcpy(name, active.key.name, STEK_NAME_LEN);
    memcpy(iv, fresh_iv, sizeof fresh_iv);
    return SEALED;
}

/*
 * Counts what became of a ticket that was due. A ticket that had opened, in a handshake that then
 * went on in full, was refused by libssl: most likely its session-id context is another program's.
 */
static void count_sealing(struct stek_stats *stats, SSL *ssl, struct stek_attachment *attachment,
                          int answer, int64_t now)
{
    const bool resumed = SSL_session_reused(ssl) == 1;

    if (stek_attachment_forget_opened(ssl, attachment) && !resumed)
        stek_stats_correct(stats, STEK_COUNT_OPENED, STEK_COUNT_ID_CONTEXT, now);
    stek_stats_count(stats, answer == SEALED ? STEK_COUNT_SEALED : STEK_COUNT_NOT_SEALED, now);
    if (answer == SEALED && resumed)
        stek_stats_count(stats, STEK_COUNT_RENEWED, now);
}

/* The keys of the connection's attachment. Where it leads to none, somebody is told. */
static struct stek_keys *keys_of(SSL *ssl, struct stek_attachment **ret_attachment)
{
    struct stek_attachment *attachment = stek_attachment_get0(ssl);

    *ret_attachment = attachment;
    if (attachment != NULL)
        return stek_attachment_keys(attachment, ssl);
    stek_attachment_missed(ssl, NULL);
    return NULL;
}

static int seal(SSL *ssl, unsigned char *name, unsigned char *iv, struct crypto with)
{
    struct stek_attachment *attachment;
    struct stek_keys *keys = keys_of(ssl, &attachment);

    if (keys == NULL)
        return NO_TICKET;
    struct stek_stats *stats = attachment->ring->stats;
    const int64_t now = stek_ring_now(attachment->ring);
    const int answer = seal_under(attachment, keys, now, ssl, name, iv, with);
    if (stats != NULL)
        count_sealing(stats, ssl, attachment, answer, now);
    return answer;
}

static int open_ticket(SSL *ssl, const unsigned char *name, const unsigned char *iv,
                       struct crypto with)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    struct stek_attachment *attachment;
    struct stek_keys *keys = keys_of(ssl, &attachment);
    const bool single_use = SSL_version(ssl) == TLS1_3_VERSION;

    if (keys == NULL)
        return UNKNOWN;
    enum stek_choice choice = stek_ring_find(attachment->ring, keys, name, single_use,
                                             stek_ring_now(attachment->ring), &key);
    if (choice == STEK_CHOICE_UNKNOWN)
        return UNKNOWN;
    if (EVP_DecryptInit_ex(with.cipher, stek_methods_aes256cbc(attachment->methods), NULL,
                           key.aes_key, iv) != 1 ||
        !key_mac(with.mac, &key, attachment->methods))
        return UNKNOWN;
    return choice == STEK_CHOICE_RENEW ? OPENED_RENEW : OPENED;
}

static int seal_or_open(SSL *ssl, unsigned char *name, unsigned char *iv, struct crypto with,
                        int enc)
{
    const int answer = enc != 0 ? seal(ssl, name, iv, with) : open_ticket(ssl, name, iv, with);

    if (answer == 0) /* NO_TICKET or UNKNOWN */
        stek_ossl_forget_errors();
    return answer;
}

int stek_ticket_key_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                           EVP_MAC_CTX *mac, int enc)
{
    return seal_or_open(ssl, name, iv, (struct crypto){cipher, {.evp = mac}}, enc);
}

int stek_ticket_key_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
                            EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
    return seal_or_open(ssl, name, iv, (struct crypto){cipher, {.hmac = mac}}, enc);
}
