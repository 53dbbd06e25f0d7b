/* SPDX-License-Identifier: Apache-2.0 */
/* TCP connections with a deadline, which a stop ends at once. */
#ifndef STEK_AUDIT_DIAL_H
#define STEK_AUDIT_DIAL_H

#include "audit/handshake/net.h"

/*
 * Connects to the target: to target->address if it has one, else to the first address of its host
 * that answers, which is then written there. Returns a non-blocking socket of the caller's, or -1
 * with the reason in `ret_problem`, which is empty otherwise.
 */
int stek_audit_dial(struct stek_audit_target *target, int64_t deadline_ms,
                    const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len);

#endif
