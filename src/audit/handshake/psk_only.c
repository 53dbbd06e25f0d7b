/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a server resume without a fresh key exchange? libssl always offers psk_dhe_ke as well, and
 * servers that know both prefer it. So libssl's ClientHello is taken out of a memory BIO, reduced
 * to psk_ke (wire.h), given a new binder and sent as bytes; the ServerHello is in the clear and
 * tells all. The connection ends there.
 */
#include "audit/handshake/binder.h"
#include "audit/handshake/talk.h"
#include "audit/handshake/wire.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

enum {
    RECORD_HEADER_LEN = 5,
    RECORD_LEN_MAX = 16384,
    RECORD_ALERT = 21,
    RECORD_HANDSHAKE = 22,
    ALERT_FATAL = 2
};

struct buffer {
    uint8_t bytes[RECORD_HEADER_LEN + RECORD_LEN_MAX];
    size_t len;
};

/* libssl's ClientHello message, without the record header. */
static bool make_hello(struct stek_audit_talk *talk, struct buffer *ret_hello)
{
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    struct buffer record;

    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set_bio(talk->ssl, in, out);
    (void)SSL_do_handshake(talk->ssl);
    const int len = BIO_read(out, record.bytes, sizeof record.bytes);
    if (len <= RECORD_HEADER_LEN || record.bytes[0] != RECORD_HANDSHAKE ||
        RECORD_HEADER_LEN + (record.bytes[3] << 8 | record.bytes[4]) != len)
        return false; /* a ticket so long that its hello needs more than one record */
    ret_hello->len = (size_t)len - RECORD_HEADER_LEN;
    memcpy(ret_hello->bytes, record.bytes + RECORD_HEADER_LEN, ret_hello->len);
    return true;
}

/* The record to send. */
static bool rewrite(const struct buffer *hello, const struct stek_audit_ticket *ticket,
                    const EVP_MD *hash, struct buffer *ret_record)
{
    uint8_t *message = ret_record->bytes + RECORD_HEADER_LEN;
    size_t len, truncated_len, binder_len;

    if (!stek_audit_make_psk_only(hello->bytes, hello->len, message, &len, &truncated_len,
                                  &binder_len) ||
        !stek_audit_binder(hash, ticket->secret, ticket->secret_len, message, truncated_len,
                           message + len - binder_len, binder_len))
        return false;
    const uint8_t header[RECORD_HEADER_LEN] = {RECORD_HANDSHAKE, 3, 1, (uint8_t)(len >> 8),
                                               (uint8_t)len};
    memcpy(ret_record->bytes, header, sizeof header);
    ret_record->len = sizeof header + len;
    return true;
}

/* One record, header included. False: none came whole; the outcome is noted. */
static bool read_record(struct stek_audit_talk *talk, struct buffer *ret_record)
{
    size_t have = 0, wanted = RECORD_HEADER_LEN;

    while (have < wanted) {
        const long got = stek_audit_receive(talk->fd, ret_record->bytes + have, wanted - have,
                                            talk->deadline_ms, &talk->client->stop);
        if (got <= 0) {
            talk->shake.outcome = got == 0 ? STEK_AUDIT_CLOSED : STEK_AUDIT_TIMEOUT;
            return false;
        }
        have += (size_t)got;
        if (have == RECORD_HEADER_LEN)
            wanted += (size_t)(ret_record->bytes[3] << 8 | ret_record->bytes[4]);
        if (wanted > sizeof ret_record->bytes) {
            talk->shake.outcome = STEK_AUDIT_REJECTED;
            return false;
        }
    }
    ret_record->len = have;
    return true;
}

/* The first message of a record, alone: the rest of the record may hold others. */
static size_t first_message_len(const struct buffer *record)
{
    const uint8_t *message = record->bytes + RECORD_HEADER_LEN;
    const size_t left = record->len - RECORD_HEADER_LEN;
    const size_t len =
        left < 4 ? 0 : 4 + ((size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3]);

    return len <= left ? len : 0;
}

static void read_reply(struct stek_audit_talk *talk)
{
    struct stek_audit_handshake *shake = &talk->shake;
    struct stek_audit_server_hello hello;
    struct buffer record;

    if (!read_record(talk, &record))
        return;
    if (record.bytes[0] == RECORD_ALERT && record.len >= RECORD_HEADER_LEN + 2) {
        shake->outcome = STEK_AUDIT_ALERT;
        shake->alert = record.bytes[RECORD_HEADER_LEN + 1];
    } else if (record.bytes[0] == RECORD_HANDSHAKE &&
               stek_audit_read_server_hello(record.bytes + RECORD_HEADER_LEN,
                                            first_message_len(&record), &hello)) {
        shake->outcome = STEK_AUDIT_DONE;
        shake->version = hello.version;
        shake->cipher = hello.cipher;
        shake->resumed = hello.psk && !hello.retry;
        shake->dhe = hello.key_share;
    } else {
        shake->outcome = STEK_AUDIT_REJECTED;
        (void)snprintf(shake->problem, sizeof shake->problem, "not a ServerHello");
    }
}

static void carry_out(struct stek_audit_talk *talk, const struct stek_audit_ticket *ticket)
{
    const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(SSL_get0_session(talk->ssl));
    const EVP_MD *hash = cipher != NULL ? SSL_CIPHER_get_handshake_digest(cipher) : NULL;
    struct buffer hello, record;

    if (hash == NULL || !make_hello(talk, &hello) || !rewrite(&hello, ticket, hash, &record)) {
        talk->shake.outcome = STEK_AUDIT_REJECTED;
        (void)snprintf(talk->shake.problem, sizeof talk->shake.problem,
                       "such a ClientHello cannot be made");
        return;
    }
    if (!stek_audit_talk_dial(talk))
        return;
    if (stek_audit_send(talk->fd, record.bytes, record.len, talk->deadline_ms, &talk->client->stop))
        read_reply(talk);
    else
        talk->shake.outcome = STEK_AUDIT_CLOSED;
}

enum stek_result stek_audit_shake_psk_only(struct stek_audit_client *client,
                                           struct stek_audit_observation *obs,
                                           const struct stek_audit_ask *ask)
{
    struct stek_audit_talk talk;
    const enum stek_result result = stek_audit_talk_begin(&talk, client, obs, ask);

    if (result == STEK_OK)
        carry_out(&talk, &obs->tickets[ask->ticket]);
    return stek_audit_talk_end(&talk, obs, result);
}
