/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path for a stale cache: update ring and caches, answer from a keyset on the stack. */
#ifndef STEK_RINGFILE_REFRESH_H
#define STEK_RINGFILE_REFRESH_H

#include "ringfile/ring.h"

/*
 * Does what is due in the ring, destroys in this process what has retired, and copies the state as
 * of `now`. While another process is at it, the chain is continued in the copy only: the result is
 * the same. *ret_state and *ret_generation are set whenever the image can be read, also with an
 * error; there may be no active record then. The result says how the update went
 * (stek_private_update()); handshakes go by the state alone.
 */
enum stek_result stek_refresh_ring(struct stek_ring *ring, int64_t now,
                                   struct stek_ring_state *ret_state, uint64_t *ret_generation);

/* Builds the keyset of a context as of `now` for this use, and leaves it in its cache. The set is
 * empty when the ring cannot be read. */
void stek_refresh_keys(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                       enum stek_keyset_use use, struct stek_keyset *ret_set);

#endif
