/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on the whole fleet: each is one transaction on the store. Pure; for fleet/ only. */
#ifndef STEK_FLEET_OPERATE_H
#define STEK_FLEET_OPERATE_H

#include "fleet/rules/sync.h"

/* Whether what was asked for has come to pass, by this host's hand or another's. */
bool stek_operate_is_done(struct stek_sync *sync, int64_t now);

/*
 * Makes the transaction of the operation that was asked for. *ret_ready is false when it has to
 * wait: for the records that it moves to be in the store, or for the next second. Errors:
 * STEK_ERR_RANDOM (no fresh secret).
 */
STEK_MUST_USE enum stek_result stek_operate_write(struct stek_sync *sync, int64_t now,
                                                  const struct stek_fresh *fresh,
                                                  struct stek_sync_write *ret_write,
                                                  bool *ret_ready);

#endif
