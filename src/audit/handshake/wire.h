/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few handshake messages that the audit reads and writes itself, where libssl does not show or
 * do what it needs. Pure. The bytes come from a hostile server: every read checks its bounds.
 *
 *     message = type[1] ‖ length[3] ‖ body                                   RFC 9846 section 4
 *     ServerHello = version[2] ‖ random[32] ‖ sid<1> ‖ cipher[2] ‖ compression[1]
 *                   ‖ extensions<2>                                          RFC 9846 section 4.1.3
 *     NewSessionTicket, TLS 1.3 = lifetime[4] ‖ age_add[4] ‖ nonce<1> ‖ ticket<2>
 *                   ‖ extensions<2>                                          RFC 9846 section 4.6.1
 *     NewSessionTicket, TLS 1.2 = lifetime[4] ‖ ticket<2>                    RFC 5077 section 3.3
 *
 * <n> is a vector whose length stands in n bytes before it.
 */
#ifndef STEK_AUDIT_WIRE_H
#define STEK_AUDIT_WIRE_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stek_audit_server_hello {
    bool retry;       /* a HelloRetryRequest: nothing is chosen yet */
    uint16_t version; /* the chosen one, supported_versions counted in */
    uint16_t cipher;
    uint8_t sid[32];
    uint8_t sid_len;
    bool psk;       /* pre_shared_key: the ticket was taken (TLS 1.3) */
    bool key_share; /* a fresh share (TLS 1.3) */
};

/* Reads a whole ServerHello message. Anything else: false, with *ret_hello untouched. */
bool stek_audit_read_server_hello(const uint8_t *message, size_t len,
                                  struct stek_audit_server_hello *ret_hello);

struct stek_audit_new_ticket {
    uint32_t hint_s;
    const uint8_t *nonce; /* in the message; TLS 1.3 only */
    uint8_t nonce_len;
    size_t ticket_len; /* 0: the server takes back its offer (RFC 5077 section 3.3) */
};

/* Reads a whole NewSessionTicket message of this version. Returns false for anything else. */
bool stek_audit_read_new_ticket(const uint8_t *message, size_t len, uint16_t version,
                                struct stek_audit_new_ticket *ret_ticket);

/* The session id in a whole ClientHello message. Returns false for anything else. */
bool stek_audit_read_client_sid(const uint8_t *message, size_t len, uint8_t ret_sid[32],
                                uint8_t *ret_sid_len);

/*
 * Rewrites a whole TLS 1.3 ClientHello message that offers one PSK, last: psk_ke alone is offered,
 * key_share and supported_groups are left out (RFC 9846 section 4.2.9 and 9.2), the binder is zeros
 * for the caller to fill in. `ret_out` has room for `len` bytes; *ret_truncated_len is the length
 * that the binder covers, after which come 3 bytes of lengths and the binder itself of
 * *ret_binder_len. Returns false for anything else.
 */
bool stek_audit_make_psk_only(const uint8_t *message, size_t len, uint8_t *ret_out, size_t *ret_len,
                              size_t *ret_truncated_len, size_t *ret_binder_len);

#endif
