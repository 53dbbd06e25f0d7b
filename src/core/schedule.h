/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule: which records a ring must hold at a given time. Pure: time and random bytes are
 * arguments.
 *
 * Two rules keep holders of a ring in step without talking to each other (docs/host.md, "Who
 * changes a ring"). A seq whose time has begun without a published record is settled: its
 * continuation is the record. Only a seq that begins at least half an interval from now may get
 * fresh random bytes. `now` is the second that has begun, so that much of it may be over.
 */
#ifndef STEK_CORE_SCHEDULE_H
#define STEK_CORE_SCHEDULE_H

#include "stek.h"

#include "core/fresh.h"
#include "core/policy.h"
#include "core/record.h"

#include <stdbool.h>

/*
 * A chain is continued over at most this many intervals at once. It bounds the work after a long
 * sleep (256 steps take about a millisecond) and is four times what a ring can hold.
 */
enum { STEK_CONTINUE_MAX = 256 };

/* Whether stek_records_advance() has anything to do at `now`. */
bool stek_records_due(const struct stek_records *records, const struct stek_policy *policy,
                      int64_t now);

/*
 * Adds future records until there are policy->ahead: fresh where they begin late enough, continued
 * where they are as good as settled. With too few fresh secrets there are fewer. There must be a
 * record that counts. Errors: STEK_ERR_CRYPTO, STEK_ERR_RANDOM; some records may have been added
 * then.
 */
STEK_MUST_USE enum stek_result stek_records_look_ahead(struct stek_records *records,
                                                       const struct stek_policy *policy,
                                                       int64_t now, const struct stek_fresh *fresh,
                                                       uint32_t *used);

/*
 * For any holder: continues the chain until a record is active at `now`, and drops retired ones.
 * Holders of the same records compute the same. `policy` must be resolved and sound. Errors:
 * STEK_ERR_BUSY when the chain is out of reach (no records, all begin later, or more than
 * STEK_CONTINUE_MAX intervals have passed): only the ring's owner can go on; STEK_ERR_CRYPTO,
 * STEK_ERR_RANDOM. Records are untouched on failure.
 */
STEK_MUST_USE enum stek_result stek_records_settle(struct stek_records *records,
                                                   const struct stek_policy *policy, int64_t now);

/*
 * For the ring's owner, its one writer: settles, publishes `policy->ahead` future records, and
 * destroys retired ones. A ring that slept for longer than a chain can be continued starts a new
 * chain from fresh bytes; so does one whose clock went back to before all its records by more than
 * an interval (by less: its first record begins earlier). With too few fresh secrets it publishes
 * fewer records ahead; the continuation stands in. Errors: STEK_ERR_RANDOM when a start needs a
 * fresh secret and there is none; STEK_ERR_ARGUMENT when `now` is out of range; STEK_ERR_CRYPTO.
 * Records are untouched on failure.
 */
STEK_MUST_USE enum stek_result stek_records_advance(struct stek_records *records,
                                                    const struct stek_policy *policy, int64_t now,
                                                    const struct stek_fresh *fresh);

#endif
