/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes libssl's encoding of a session, so that the client can offer what a well-behaved client
 * would not: a damaged ticket, an expired one, one of another version. libssl has no calls for
 * that. The encoding is a DER SEQUENCE:
 *
 *     INTEGER        structure version
 *     INTEGER        TLS version
 *     OCTET STRING   cipher suite
 *     OCTET STRING   session id
 *     OCTET STRING   secret
 *     [n] EXPLICIT   optional fields by rising n: [9] INTEGER is the lifetime,
 *                    [10] OCTET STRING the ticket
 *
 * Pure. The input may come from a recorded file: nothing in it is trusted.
 */
#ifndef STEK_AUDIT_SESSION_EDIT_H
#define STEK_AUDIT_SESSION_EDIT_H

#include "stek.h"

#include <stddef.h>
#include <stdint.h>

struct stek_audit_edit {
    const uint8_t *ticket; /* in place of the session's ticket; NULL: leave it */
    size_t ticket_len;
    uint32_t hint_s;  /* in place of its lifetime; 0: leave it */
    uint16_t version; /* of TLS, and with it `cipher`; 0: leave both */
    uint16_t cipher;
};

/*
 * Applies `edit` to a session. *ret_session is from malloc(); the caller owns and wipes it.
 * Thread-safe. Errors: STEK_ERR_FORMAT (not a session), STEK_ERR_MEMORY.
 */
STEK_MUST_USE enum stek_result stek_audit_session_edit(const uint8_t *session, size_t session_len,
                                                       const struct stek_audit_edit *edit,
                                                       uint8_t **ret_session, size_t *ret_len);

#endif
