/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes, one at a time, each written into the observation with the tickets that it brought. */
#ifndef STEK_AUDIT_SHAKE_H
#define STEK_AUDIT_SHAKE_H

#include "audit/handshake/client.h"

/* One handshake to make. */
struct stek_audit_ask {
    enum stek_audit_purpose purpose;
    uint32_t target;
    uint32_t ticket;         /* its session is offered; STEK_AUDIT_NONE: a full handshake */
    const char *sni;         /* NULL: the target's */
    uint16_t version;        /* the only one offered */
    bool without_cert;       /* no client certificate, even if there is one */
    const uint8_t *in_place; /* offered in place of the ticket's own bytes, `in_place_len` of them;
                                NULL: as it came */
    size_t in_place_len;
    int32_t flip_at;      /* for the record; -1 */
    uint16_t fake_cipher; /* not 0: say that the session is of `version`, with this suite */
    const char *ciphers;  /* the suites of TLS 1.2 to offer, in OpenSSL's notation; NULL: all */
};

/*
 * Carries out one handshake and appends it, with the tickets that came, to `obs`. What goes wrong
 * on the network is an outcome in the observation, not an error. When stopped, nothing is appended.
 * Not thread-safe. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO, STEK_ERR_FORMAT (a recorded session
 * that libssl does not take), STEK_ERR_ARGUMENT (the observation is full).
 */
STEK_MUST_USE enum stek_result stek_audit_shake(struct stek_audit_client *client,
                                                struct stek_audit_observation *obs,
                                                const struct stek_audit_ask *ask);

/* Like stek_audit_shake(), in TLS 1.3, with psk_ke only, up to the ServerHello. */
STEK_MUST_USE enum stek_result stek_audit_shake_psk_only(struct stek_audit_client *client,
                                                         struct stek_audit_observation *obs,
                                                         const struct stek_audit_ask *ask);

/* How often accepted early data is sent again. A server with several processes, each of which
 * keeps a record of its own, shows by accepting some of the copies. */
enum { STEK_AUDIT_EARLY_REPLAYS = 6 };

/*
 * TLS 1.3: sends early data with the ticket (EARLY_FIRST); if it is accepted, sends the very same
 * bytes on further connections (EARLY_REPLAY), from forked processes that keep the first one's
 * keys. With any other purpose it sends early data once. Otherwise as stek_audit_shake();
 * STEK_ERR_SYSTEM when no process can be made.
 */
STEK_MUST_USE enum stek_result stek_audit_shake_early(struct stek_audit_client *client,
                                                      struct stek_audit_observation *obs,
                                                      const struct stek_audit_ask *ask);

#endif
