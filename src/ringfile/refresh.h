/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path for a stale cache: update ring and caches, answer from a keyset of its own. */
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

#endif
