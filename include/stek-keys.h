/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All the keys of a label, for TLS libraries that derive keys and names of their own: see stek(3).
 * Adapters need it; programs that lay out their tickets themselves need stek.h only.
 */
#ifndef STEK_KEYS_H
#define STEK_KEYS_H

#include <stek.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The key at a place among all that open tickets at this moment, those that do not seal yet
 * included: 0 is the one that seals last, the highest place the oldest key. For TLS libraries that
 * derive keys and names of their own, so that stek_key_find() does not know a ticket. Keys move to
 * higher places while a caller counts up, so it may see one twice, and misses none. Derives the key
 * each time (a few microseconds) and allocates nothing. Thread-safe. Errors: STEK_ERR_ARGUMENT;
 * STEK_ERR_NO_KEY: there are not so many; STEK_ERR_CRYPTO, STEK_ERR_RANDOM: this one cannot be
 * used.
 */
STEK_MUST_USE enum stek_result stek_key_at(struct stek_label *label, unsigned place,
                                           struct stek_key *ret_key);

#ifdef __cplusplus
}
#endif

#endif
