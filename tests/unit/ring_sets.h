/* SPDX-License-Identifier: Apache-2.0 */
/* Keysets made of numbers instead of records, so that a test can tell which one a key is from. */
#ifndef TESTS_UNIT_RING_SETS_H
#define TESTS_UNIT_RING_SETS_H

#include "ringfile/keycell.h"

/* Sets hold at SET_NOW, give or take 10 seconds; the record at SET_ACTIVE seals. */
enum { SET_ENTRIES = 5, SET_ACTIVE = 2, SET_GENERATION = 4, SET_NOW = 1800000000 };

/* The fingerprint of a record of set_of(n). */
struct stek_fingerprint fingerprint_of(uint64_t n, size_t place);

/* A set whose keys, not covered, all follow from n; only seqs and names are the same for all n. */
struct stek_keyset set_of(uint64_t n);

/* The records that set_of(n) is of. */
struct stek_records records_of(uint64_t n);

#endif
