/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at a ticket for an operator: under which key of a ring it was sealed, whether that key
 * still opens it, and what the session in it says. Never gives out a secret.
 *
 * The attacker made the ticket: nothing is decrypted before its MAC is right.
 */
#ifndef STEK_TLS_INSPECT_H
#define STEK_TLS_INSPECT_H

#include "core/record.h"
#include "crypto/derive.h"

enum { STEK_INSPECT_SERVER_NAME_MAX = 255, STEK_INSPECT_TICKET_MAX = 32 * 1024 };

enum stek_inspect_verdict {
    STEK_INSPECT_TOO_SHORT,  /* no ticket: shorter than name, IV, a block and MAC, or not of whole
                                blocks */
    STEK_INSPECT_UNKNOWN,    /* no key of the ring has its name in any of the contexts: retired,
                                revoked, or not ours */
    STEK_INSPECT_DAMAGED,    /* the key is known, the MAC is wrong */
    STEK_INSPECT_UNREADABLE, /* the MAC is right, but what is inside is no session that this OpenSSL
                                reads */
    STEK_INSPECT_SOUND
};

struct stek_inspection {
    enum stek_inspect_verdict verdict;
    uint8_t name[STEK_NAME_LEN]; /* of the ticket keys, as the ticket says; from UNKNOWN on */
    /* From DAMAGED on. */
    struct stek_fingerprint fingerprint; /* of the record */
    uint64_t seq;
    enum stek_state state;
    int64_t active_from;
    int64_t active_until;
    int64_t accept_until;
    struct stek_context context; /* in which the keys were derived */
    /* With SOUND. Times in Unix seconds. */
    int64_t sealed_at; /* 0: a ticket of before TLS 1.3, which does not tell */
    int64_t timeout_s;
    bool has_origin; /* the ticket says when its full handshake was: it was sealed by stek */
    int64_t origin;  /* then: when */
    bool has_cert;   /* the session holds a client certificate */
    int tls_version; /* 0x0303 for TLS 1.2 */
    char server_name[STEK_INSPECT_SERVER_NAME_MAX + 1]; /* "" when it names none */
};

/*
 * `contexts` are those to try: their keys are derived for each record. Errors: STEK_ERR_MEMORY.
 * What a ticket is, is no error. Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_inspect_ticket(const struct stek_records *records,
                                                   const struct stek_context *contexts,
                                                   size_t count, const uint8_t *bytes, size_t len,
                                                   int64_t now,
                                                   struct stek_inspection *ret_inspection);

#endif
