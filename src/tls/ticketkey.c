/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket key callback: chooses the key and hands it to libssl, which seals and opens with it.
 */
#include "tls/callbacks.h"

#include "crypto/quiet.h"
#include "tls/attachment.h"
#include "tls/earlydata.h"
#include "tls/handover.h"
#include "tls/refuse.h"
#include "tls/session.h"

#include <string.h>

enum { NO_TICKET = 0, SEALED = 1, UNKNOWN = 0, OPENED = 1, OPENED_RENEW = 2 };

/* The contexts that libssl hands to the callback. */
struct crypto {
    EVP_CIPHER_CTX *cipher;
    struct stek_ossl_mac mac;
};

/* The beginning of a ticket, in libssl's buffers. */
struct head {
    unsigned char *name;
    unsigned char *iv;
};

/* What stek's generate callback prepared has to hold; otherwise libssl's own rule counts. */
static bool may_be_sealed(SSL *ssl, const struct stek_ring *ring, enum stek_generated how,
                          int64_t accept_until, int64_t now)
{
    return how == STEK_GENERATED ? stek_session_may_be_sealed(
                                       ssl, accept_until, stek_ring_max_session_age_s(ring), now)
                                 : stek_session_may_resume(ssl);
}

static int seal_under(struct stek_attachment *attachment, struct stek_keys *keys,
                      enum stek_generated how, int64_t now, SSL *ssl, struct head head,
                      struct crypto with)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key active;
    struct stek_ring *ring = attachment->ring;
    uint8_t fresh_iv[STEK_IV_LEN];

    if (!stek_ring_seal(ring, keys, now, &active) ||
        !may_be_sealed(ssl, ring, how, active.accept_until, now) ||
        stek_ring_iv(ring, now, fresh_iv) != STEK_OK)
        return NO_TICKET;
    const EVP_CIPHER *aes256cbc = stek_methods_aes256cbc(attachment->methods);
    if (EVP_EncryptInit_ex(with.cipher, aes256cbc, NULL, active.key.aes_key, fresh_iv) != 1 ||
        !stek_ossl_mac_init(with.mac, active.key.hmac_key, attachment->methods->sha256))
        return NO_TICKET;
    memcpy(head.name, active.key.name, STEK_NAME_LEN);
    memcpy(head.iv, fresh_iv, sizeof fresh_iv);
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

/* The connection's attachment. Where it leads to none, somebody is told. */
static struct stek_attachment *attachment_of(SSL *ssl)
{
    struct stek_attachment *attachment = stek_attachment_get0(ssl);

    if (attachment == NULL)
        stek_attachment_missed(ssl, NULL);
    return attachment;
}

/* Notes whose session-ticket callbacks there are; not written where nothing is new. */
static void note_sessions(struct stek_attachment *attachment, enum stek_generated how)
{
    const int now = how == STEK_GENERATED_NOT ? STEK_SESSIONS_PROGRAMS : STEK_SESSIONS_OURS;

    if (atomic_load_explicit(&attachment->sessions, memory_order_relaxed) != now)
        atomic_store_explicit(&attachment->sessions, now, memory_order_relaxed);
    if (atomic_load_explicit(&attachment->replaced, memory_order_relaxed))
        atomic_store_explicit(&attachment->replaced, false, memory_order_relaxed);
}

static int seal(SSL *ssl, unsigned char *name, unsigned char *iv, struct crypto with)
{
    struct stek_attachment *attachment = attachment_of(ssl);

    if (attachment == NULL)
        return NO_TICKET;
    const enum stek_generated how =
        stek_session_look_again(ssl, stek_handover_take_generated(attachment));
    struct stek_keys *keys = how == STEK_GENERATED ? stek_attachment_keys(attachment, ssl)
                                                   : stek_attachment_own_keys(attachment, ssl);
    note_sessions(attachment, how);
    if (how == STEK_GENERATED_NOT) {
        (void)stek_handover_take_asked(attachment); /* nobody did */
        stek_early_data_watch(ssl, attachment);
    }
    if (keys == NULL)
        return NO_TICKET;
    struct stek_stats *stats = attachment->ring->stats;
    const int64_t now = stek_ring_now(attachment->ring);
    const int answer = seal_under(attachment, keys, how, now, ssl, (struct head){name, iv}, with);
    if (stats != NULL)
        count_sealing(stats, ssl, attachment, answer, now);
    return answer;
}

static enum stek_choice find(struct stek_attachment *attachment, struct stek_keys *keys, SSL *ssl,
                             const unsigned char *name, struct stek_ticket_key *ret_key)
{
    const bool single_use = stek_ossl_is_tls13(ssl);

    return keys == NULL ? STEK_CHOICE_UNKNOWN
                        : stek_ring_find(attachment->ring, keys, name, single_use,
                                         stek_ring_now(attachment->ring), ret_key);
}

/*
 * Where the session-ticket callbacks are known to be the program's, nobody would look at what a
 * shared ticket says: only the SSL_CTX's own ones open.
 */
static enum stek_choice find_anywhere(struct stek_attachment *attachment, SSL *ssl,
                                      const unsigned char *name, struct stek_ticket_key *ret_key)
{
    enum stek_choice choice = STEK_CHOICE_UNKNOWN;

    if (atomic_load_explicit(&attachment->sessions, memory_order_relaxed) != STEK_SESSIONS_PROGRAMS)
        choice = find(attachment, stek_attachment_keys(attachment, ssl), ssl, name, ret_key);
    stek_handover_asked(attachment, STEK_ASKED);
    if (choice != STEK_CHOICE_UNKNOWN)
        return choice;
    choice = find(attachment, stek_attachment_own_keys(attachment, ssl), ssl, name, ret_key);
    if (choice != STEK_CHOICE_UNKNOWN)
        stek_handover_asked(attachment, STEK_ASKED_OWN);
    return choice;
}

static int open_ticket(SSL *ssl, const unsigned char *name, const unsigned char *iv,
                       struct crypto with)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    struct stek_attachment *attachment = attachment_of(ssl);

    if (attachment == NULL)
        return UNKNOWN;
    const enum stek_choice choice = find_anywhere(attachment, ssl, name, &key);
    if (choice == STEK_CHOICE_UNKNOWN)
        return UNKNOWN;
    if (EVP_DecryptInit_ex(with.cipher, stek_methods_aes256cbc(attachment->methods), NULL,
                           key.aes_key, iv) != 1 ||
        !stek_ossl_mac_init(with.mac, key.hmac_key, attachment->methods->sha256))
        return UNKNOWN;
    return choice == STEK_CHOICE_RENEW ? OPENED_RENEW : OPENED;
}

static int seal_or_open(SSL *ssl, unsigned char *name, unsigned char *iv, struct crypto with,
                        int enc)
{
    const int had_errors = stek_quiet_begin();
    const int answer = enc != 0 ? seal(ssl, name, iv, with) : open_ticket(ssl, name, iv, with);

    if (answer != 0)
        return answer;
    stek_quiet_end(&had_errors);
    return enc != 0 ? stek_refuse_ticket(ssl, name, iv, with.cipher, with.mac) : UNKNOWN;
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
