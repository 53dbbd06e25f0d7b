/* SPDX-License-Identifier: Apache-2.0 */
/* Which ticket the watch offers next. Pure. */
#ifndef STEK_AUDIT_WATCH_CHOICE_H
#define STEK_AUDIT_WATCH_CHOICE_H

#include "audit/observation.h"

/*
 * The ticket whose age tells most about how long tickets live: older than any that is known to
 * live, younger than any that is known to be dead, and not offered before. While none has died, at
 * most 40 are spent on one lifetime. Returns STEK_AUDIT_NONE when there is none to offer now.
 */
uint32_t stek_audit_choose_life(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version, int64_t now);

/*
 * The newest ticket of the chain of resumptions that is being drawn out; where it broke off, or
 * there is none yet, the newest ticket of a full handshake. STEK_AUDIT_NONE: there are no tickets.
 */
uint32_t stek_audit_choose_chain(const struct stek_audit_observation *obs, uint32_t target,
                                 uint16_t version);

#endif
