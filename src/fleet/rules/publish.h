/* SPDX-License-Identifier: Apache-2.0 */
/* What this host would put into the store. Pure; for fleet/ only. */
#ifndef STEK_FLEET_PUBLISH_H
#define STEK_FLEET_PUBLISH_H

#include "fleet/rules/sync.h"

/* Whether this host may write: it knows the store, has the fleet's key and a right clock. */
bool stek_publish_may(const struct stek_sync *sync);

/*
 * Makes the transaction that brings the store to what it should hold: the floor, records that this
 * ring holds and the store does not, those that begin within `ahead` intervals. *ret_needed tells
 * whether there is anything to put. Errors: STEK_ERR_CRYPTO, STEK_ERR_RANDOM.
 */
STEK_MUST_USE enum stek_result stek_publish_write(struct stek_sync *sync, int64_t now,
                                                  const struct stek_fresh *fresh,
                                                  struct stek_sync_write *ret_write,
                                                  bool *ret_needed);

/* Begins a transaction without puts: it compares the floor, and deletes long retired records. */
void stek_publish_begin(struct stek_sync *sync, int64_t now, struct stek_sync_write *ret_write);

/* Adds a put, and lets the lease last until the record has retired everywhere. */
void stek_publish_put(struct stek_sync *sync, const struct stek_record *record, int64_t expect,
                      int64_t now, struct stek_sync_write *write);

/*
 * Before a record of this seq is put that begins at `from`: puts those before it again which, in
 * the store, would not begin before it. Here they do.
 */
void stek_publish_put_before(struct stek_sync *sync, uint64_t seq, int64_t from, int64_t now,
                             struct stek_sync_write *write);

/* The first record of a new chain, fresh, sealing from now on. STEK_ERR_RANDOM: no fresh secret. */
STEK_MUST_USE enum stek_result stek_publish_first(const struct stek_sync *sync, uint64_t seq,
                                                  int64_t now, const struct stek_fresh *fresh,
                                                  uint32_t *used, struct stek_record *ret_record);

/* How long before the end of an interval the record is published that keeps `ahead` of them ahead
 * when it has ended. */
int64_t stek_publish_lead_s(const struct stek_sync *sync);

/* Within which time from now hosts take turns to put what is to be put. */
int64_t stek_publish_width_ms(const struct stek_sync *sync, int64_t now_ms);

/* All that this host holds and the store has, and the floor: to be put into another place. */
void stek_publish_all(struct stek_sync *sync, int64_t now, struct stek_sync_write *ret_write);

#endif
