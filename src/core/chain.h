/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of the schedule (schedule.c) and of an operator's orders (revoke.c). Each adds one
 * record at the end of the ring or sets its times. Pure.
 */
#ifndef STEK_CORE_CHAIN_H
#define STEK_CORE_CHAIN_H

#include "core/fresh.h"
#include "core/policy.h"
#include "core/record.h"

/*
 * How many records still open at `when`; *ret_next_end is when the first of them ends. Superseded
 * records do not count: they make room for others, and other holders do not have them.
 */
size_t stek_chain_alive_at(const struct stek_records *records, int64_t when, int64_t *ret_next_end);

/*
 * Gives a record that begins at `from` its times. If there would be no place for its successor
 * (after the interval became much shorter), the record seals until there is one, so that every
 * ticket still opens as promised. Only records that are alive then count, so holders compute the
 * same at different times.
 */
void stek_chain_set_times(const struct stek_records *records, const struct stek_policy *policy,
                          int64_t from, struct stek_record *record);

/* Gives new times to those of the records [first, count) that count; the first begins at `from`. */
void stek_chain_reschedule(struct stek_records *records, const struct stek_policy *policy,
                           size_t first, int64_t from);

/*
 * Turns *record, the last of the chain, into its own continuation. Errors:
 * stek_derive_continuation().
 */
STEK_MUST_USE enum stek_result stek_chain_continue(const struct stek_records *records,
                                                   const struct stek_policy *policy,
                                                   struct stek_record *record);

/* Takes the next unused fresh secret; *used counts all that were tried. False: none is left. */
bool stek_chain_take_fresh(const struct stek_records *records, const struct stek_fresh *fresh,
                           uint32_t *used, struct stek_secret32 *ret_secret);

/*
 * Begins a new chain at `now`, with a seq beyond what any holder of the old one, which ended with
 * `last` (NULL: there was none), can have reached by continuing it. Errors: STEK_ERR_RANDOM when no
 * fresh secret is left.
 */
STEK_MUST_USE enum stek_result stek_chain_start(struct stek_records *records,
                                                const struct stek_policy *policy, int64_t now,
                                                const struct stek_record *last,
                                                const struct stek_fresh *fresh, uint32_t *used);

#endif
