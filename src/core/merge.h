/* SPDX-License-Identifier: Apache-2.0 */
/* Joins what two holders know of one ring. Pure. */
#ifndef STEK_CORE_MERGE_H
#define STEK_CORE_MERGE_H

#include "core/record.h"

/*
 * Adds to `into` what `other` knows: for each seq the published record wins over a continuation;
 * between two of the same origin the one whose bytes (secret, then times) compare lower, so that
 * all holders choose alike. Of more than 64 records the highest seqs stay. Commutative, associative
 * and idempotent: holders may merge in any order. `other` may be `into`.
 */
void stek_records_merge(struct stek_records *into, const struct stek_records *other);

#endif
