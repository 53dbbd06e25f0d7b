/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tickets give away without any key: a secret that stands in them, two under one keystream,
 * two with one IV. All is proved with the audit's own sessions, whose secrets it knows.
 */
#ifndef STEK_AUDIT_PROTECTION_H
#define STEK_AUDIT_PROTECTION_H

#include "audit/observation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_AUDIT_PROOF_LEN = 16, /* so many bytes of a secret in a row are no chance: 2^-128 */
    STEK_AUDIT_NOWHERE = -1
};

/* Where the secret of a ticket's own session stands in it unencrypted, or STEK_AUDIT_NOWHERE.
 * Thread-safe, like all. */
int32_t stek_audit_clear_secret(const struct stek_audit_ticket *ticket);

/*
 * Where ticket xor ticket is secret xor secret, or STEK_AUDIT_NOWHERE. Only for tickets whose
 * secrets differ and do not stand in the clear.
 */
int32_t stek_audit_same_keystream(const struct stek_audit_ticket *a,
                                  const struct stek_audit_ticket *b);

/* Whether two tickets under one key name of `name_len` bytes have the same IV: the 12 bytes after
 * it, the least that is in use (RFC 5116 section 3.2), while the tickets differ after that. */
bool stek_audit_same_iv(const struct stek_audit_ticket *a, const struct stek_audit_ticket *b,
                        size_t name_len);

#endif
