/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which target accepts whose tickets, compared with the control: what the same target does for the
 * same server name without any ticket. A resumption says something about a server only where the
 * full handshake would have ended otherwise.
 */
#ifndef STEK_AUDIT_MATRIX_H
#define STEK_AUDIT_MATRIX_H

#include "audit/judge/judge.h"
#include "audit/judge/keyname.h"
#include "audit/observation.h"

/* The control arm of one target under one server name. */
struct stek_audit_control {
    const struct stek_audit_handshake *handshake; /* NULL: there is none */
    bool served; /* a full handshake finished, with a certificate that covers the name */
    bool denied; /* it was refused, or its request was, for want of a client certificate */
};
struct stek_audit_control stek_audit_control_find(const struct stek_audit_observation *obs,
                                                  uint32_t target, const char *sni);

/* Whether a handshake was refused without a client certificate, by TLS or by an answer of 4xx. */
bool stek_audit_denied(const struct stek_audit_handshake *handshake);

/* Whether a handshake fully succeeded: finished, no alert, and not answered with 4xx. */
bool stek_audit_granted(const struct stek_audit_handshake *handshake);

/* As stek_audit_find_matrix(), with key names that are known already. */
STEK_MUST_USE enum stek_result stek_audit_matrix_new(const struct stek_audit_observation *obs,
                                                     const struct stek_audit_name_index *names,
                                                     struct stek_audit_cell **ret_cells);

#endif
