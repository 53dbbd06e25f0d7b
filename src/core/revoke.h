/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator does to a ring by hand: rotate at once, and revoke. Pure. For the ring's one
 * writer; each call first does what is due (stek_records_advance()), so that one record is active
 * at `now`, before and after.
 *
 * Records form *chains*: one record of fresh random bytes, and those that continue it (valid,
 * superseded, or published later). An attacker who knows one record of a chain knows those after
 * it. So a chain is revoked as a whole: no revoked record can be computed from a remaining one, or
 * the other way round.
 */
#ifndef STEK_CORE_REVOKE_H
#define STEK_CORE_REVOKE_H

#include "core/schedule.h"

enum stek_revoke_which {
    STEK_REVOKE_ALL,   /* every record */
    STEK_REVOKE_KEY,   /* the record `seq`, superseded ones included */
    STEK_REVOKE_BEFORE /* every record that has sealed before the time `before` */
};

struct stek_revocation {
    enum stek_revoke_which which;
    uint64_t seq;   /* STEK_REVOKE_KEY */
    int64_t before; /* STEK_REVOKE_BEFORE */
};

/* Why the ring cannot rotate by hand at `now`: NULL, or a static text that says what to do. */
const char *stek_records_rotate_problem(const struct stek_records *records, int64_t now);

/*
 * Makes the next record the active one as of `now`; the times of those after it follow. The
 * previous key opens for as long as its tickets were promised. Never drops a record that still
 * opens. Errors: STEK_ERR_BUSY (stek_records_rotate_problem() says why), and those of
 * stek_records_advance(). Records are untouched on failure.
 */
STEK_MUST_USE enum stek_result stek_records_rotate_now(struct stek_records *records,
                                                       const struct stek_policy *policy,
                                                       int64_t now, const struct stek_fresh *fresh);

/*
 * Destroys records, whole chains at a time; *ret_count is how many, 0 if there are none. If the
 * active record is destroyed, the next remaining one seals from now on. If none remains, a record
 * of fresh bytes does, with a seq that no holder can have reached by continuing. Errors:
 * STEK_ERR_RANDOM when a fresh secret is needed and there is none; others of
 * stek_records_advance(). Records are untouched on failure: nothing is revoked then.
 */
STEK_MUST_USE enum stek_result stek_records_revoke(struct stek_records *records,
                                                   const struct stek_revocation *what,
                                                   const struct stek_policy *policy, int64_t now,
                                                   const struct stek_fresh *fresh,
                                                   uint64_t *ret_count);

#endif
