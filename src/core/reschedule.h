/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of policy does to the records that are there. Pure. */
#ifndef STEK_CORE_RESCHEDULE_H
#define STEK_CORE_RESCHEDULE_H

#include "core/policy.h"
#include "core/schedule.h"

/*
 * Gives the active record and those ahead of it the times of `policy` (resolved), which holds from
 * `now` on: the active one seals for `rotate` since it began, but until `now` at least, and those
 * ahead follow without a gap. What has sealed opens as long as its tickets were promised. Secrets
 * and seqs stay. Does nothing when the times are those of the policy already, or no record is
 * active. For a ring whose holders all see the change at once: not for one of a fleet.
 */
void stek_records_reschedule(struct stek_records *records, const struct stek_policy *policy,
                             int64_t now);

/*
 * For such a ring's owner: puts `policy` in the place of `old` at `now` (both resolved). What was
 * due by the old one is done by it first: so holders went on while the owner was away, and what
 * they sealed under has to stay. Errors: those of stek_records_advance(); the records are untouched
 * then, and the old policy holds.
 */
STEK_MUST_USE enum stek_result stek_records_change_policy(struct stek_records *records,
                                                          const struct stek_policy *old,
                                                          const struct stek_policy *policy,
                                                          int64_t now,
                                                          const struct stek_fresh *fresh);

#endif
