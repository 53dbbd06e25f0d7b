/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first ticket of a new context. A program that makes an SSL_CTX for every connection has a
 * context for each where it verifies peers: then the key that seals is derived, and nothing else is
 * read of the ring.
 */
#ifndef STEK_RINGFILE_FIRST_KEY_H
#define STEK_RINGFILE_FIRST_KEY_H

#include "ringfile/ring.h"

/*
 * The key that seals in a context whose cache is still empty; it goes into that. False: the long
 * way must be taken (refresh.h), since this process has not looked at the ring in this stretch of
 * time, or anything else is out of the ordinary. Thread-safe, never waits.
 */
bool stek_first_key(struct stek_ring *ring, struct stek_keys *keys, int64_t now,
                    struct stek_seal_key *ret_key);

#endif
