/* SPDX-License-Identifier: Apache-2.0 */
/* One connection under way: what shake.c, psk_only.c and early.c share. */
#ifndef STEK_AUDIT_TALK_H
#define STEK_AUDIT_TALK_H

#include "audit/handshake/shake.h"

#include <openssl/ssl.h>

enum {
    STEK_AUDIT_TALK_TICKETS_MAX = 32,      /* more are not waited for */
    STEK_AUDIT_TALK_ANSWER_LEN_MAX = 65536 /* and no more of an answer is read */
};

struct stek_audit_talk {
    struct stek_audit_client *client;
    struct stek_audit_target *target;
    struct stek_audit_handshake shake; /* what will be appended */
    SSL *ssl;
    int fd;
    int64_t started_ms, deadline_ms;
    uint8_t sid[32]; /* the session id of our ClientHello */
    uint8_t sid_len;
    uint8_t nonce[255]; /* of the NewSessionTicket that is being read */
    uint8_t nonce_len;
    bool ticket12; /* TLS 1.2: a ticket came */
    struct stek_audit_ticket tickets[STEK_AUDIT_TALK_TICKETS_MAX];
    size_t tickets_len;
    bool out_of_memory;
};

/* Prepares the SSL with the session to offer. Always end the talk with stek_audit_talk_end(). */
STEK_MUST_USE enum stek_result stek_audit_talk_begin(struct stek_audit_talk *talk,
                                                     struct stek_audit_client *client,
                                                     struct stek_audit_observation *obs,
                                                     const struct stek_audit_ask *ask);

/* Connects, with STARTTLS; false: the outcome is in talk->shake. */
bool stek_audit_talk_dial(struct stek_audit_talk *talk);

/* Lets libssl read and write the connection, finishes the handshake, asks, and waits for tickets
 * and the answer. */
void stek_audit_talk_over(struct stek_audit_talk *talk);

/* Waits, if a libssl call that returned `ret` can be repeated. False: notes the outcome. */
bool stek_audit_talk_again(struct stek_audit_talk *talk, int ret);

/* The request that is sent after a handshake or as early data. Returns its length. */
size_t stek_audit_talk_request(const struct stek_audit_talk *talk, char *ret_request, size_t len);

/*
 * Appends the handshake to `obs`, unless stopped, and frees the talk. Passes a failed `result` on.
 */
STEK_MUST_USE enum stek_result stek_audit_talk_end(struct stek_audit_talk *talk,
                                                   struct stek_audit_observation *obs,
                                                   enum stek_result result);

/* Keeps a session that came with a ticket. */
void stek_audit_talk_keep(struct stek_audit_talk *talk, SSL_SESSION *session);

#endif
