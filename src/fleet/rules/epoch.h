/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which epoch a value is sealed under, and which epochs a ring still needs. An epoch is a calendar
 * day (UTC), counted from 2026-01-01. Its secret is computed one way from that of the day before
 * (fleet/store/kek.h), so a host that has destroyed a day's secret cannot open what was sealed
 * under it, or under an earlier one.
 *
 * A record is sealed under the day in which it retires: a day that is over is needed by no record.
 * The floor stands under the day in which it was put, and is put again each day. No value is sealed
 * under an earlier epoch than a floor that was seen. So a host that has gone too far, since its
 * clock was wrong, is followed by the others, and can open what they seal.
 *
 * An epoch is destroyed when three witnesses agree that it is over: this host's clock, the store's
 * clock, and the floor of each ring, which some host has put under a later epoch. Pure.
 */
#ifndef STEK_FLEET_EPOCH_H
#define STEK_FLEET_EPOCH_H

#include "fleet/rules/sync.h"

enum { STEK_EPOCH_S = 86400, STEK_EPOCH_MAX = 999999 };
#define STEK_EPOCH_ZERO INT64_C(1767225600) /* 2026-01-01 00:00:00 UTC */

/* The epoch of a time (Unix seconds): 0 before 2026-01-02, at most STEK_EPOCH_MAX. */
uint64_t stek_epoch_at(int64_t time);

/* When an epoch begins. */
int64_t stek_epoch_begins(uint64_t epoch);

/* Whether the store's clock and the other hosts' confirm this host's: only then does it decide what
 * day it is. */
bool stek_epoch_knows_time(const struct stek_sync *sync);

/* The epoch to seal a floor under at `now`; no record of the same transaction goes below it. */
uint64_t stek_epoch_for_floor(const struct stek_sync *sync, int64_t now);

/* The epoch to seal a record under, in a transaction whose floor is or would be under `least`. */
uint64_t stek_epoch_for_record(const struct stek_record *record, uint64_t least);

/* Whether the floor in the store has to be sealed again, under the epoch of today. */
bool stek_epoch_floor_is_old(const struct stek_sync *sync, int64_t now);

/* The oldest epoch that this ring still needs. 0: the witnesses are not all there, so every one. */
uint64_t stek_epoch_needed(const struct stek_sync *sync, int64_t now);

#endif
