/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the store's records into a ring, and decides what becomes of the ring's own ones. Pure; for
 * fleet/ only.
 */
#ifndef STEK_FLEET_ADOPT_H
#define STEK_FLEET_ADOPT_H

#include "fleet/rules/sync.h"

/* Notes a refusal: counted, and reported with the next decision. */
void stek_adopt_refuse(struct stek_sync *sync, uint64_t seq, enum stek_refusal refusal);

/*
 * A record that has opened, and stands in the store under `entry`. The published record is the
 * record of its seq: the record that this host had there still opens if it may have sealed, and is
 * dropped otherwise.
 */
void stek_adopt_value(struct stek_sync *sync, struct stek_storeview_entry *entry,
                      const struct stek_record *record, int64_t now);

/*
 * Whether a record of the store continues one that is revoked. The record at a floor is always a
 * fresh one, so a continuation there comes from a host that does not know the floor, and so do
 * those that continue it: they are followed from one to the next, in the order of their seqs.
 */
bool stek_adopt_is_revoked(struct stek_sync *sync, const struct stek_record *record);

/*
 * What turned out not to be the record of its seq: it still opens if a host may have sealed under
 * it, since it was published, or by a clock that is ahead by half an interval or that was ahead
 * before; otherwise it is dropped.
 */
void stek_adopt_put_aside(struct stek_sync *sync, size_t index, int64_t now);

/* Whether this entry has a published record; a full read has to confirm it. */
bool stek_adopt_stands(const struct stek_sync *sync, const struct stek_storeview_entry *entry);

/* Whether the store has a record under this seq, and the ring this one from there. */
bool stek_adopt_is_held(struct stek_sync *sync, const struct stek_record *record);

/* The floor that the store tells of, or the ring's, whichever is higher. */
uint64_t stek_adopt_floor(const struct stek_sync *sync);

/*
 * Whether that floor revokes what the ring has under this seq: it is below, a
 * continuation at it, or continued from that. If the floor came since the last decision, it is
 * still there.
 */
bool stek_adopt_is_ended(struct stek_sync *sync, uint64_t seq);

/*
 * Obeys a floor that has risen: no record below it opens any more, nor one that may follow from
 * such a one; only what is in the store stays. What seals from then on was put in the same
 * transaction, so it is here already.
 */
void stek_adopt_raise(struct stek_sync *sync);

/* After records went for the sake of a floor: notes it in the view. */
void stek_adopt_raised(struct stek_sync *sync);

/*
 * With a complete view of the store: drops records that do not follow from published ones, and
 * continues over seqs whose value cannot be used. Errors: STEK_ERR_CRYPTO, STEK_ERR_RANDOM.
 */
STEK_MUST_USE enum stek_result stek_adopt_repair_chain(struct stek_sync *sync, int64_t now);

/* Destroys what has retired, and notes it in the view. */
void stek_adopt_retire(struct stek_sync *sync, int64_t now);

/* Whether the store has a good record that the ring should take, and does not hold. */
bool stek_adopt_missing(struct stek_sync *sync, int64_t now);

#endif
