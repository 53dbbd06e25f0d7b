/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy's ticket keys, changed while it runs. It holds a fixed number of keys (3, unless it was
 * built otherwise): the last but one seals, the last seals next. `set ssl tls-key` adds one at the
 * end and drops the first, so that the next one seals. `show tls-keys` shows all of them.
 */
#ifndef STEK_FEED_HAPROXY_H
#define STEK_FEED_HAPROXY_H

#include "feed/talk.h"
#include "keyfile/keys.h"

/*
 * How many of `wanted` have to be added, one after the other from the end, so that `held` becomes
 * `wanted`; both have the same number of keys. 0: they are the same already. Pure.
 */
size_t stek_feed_haproxy_steps(const struct stek_keyfile_keys *held,
                               const struct stek_keyfile_keys *wanted);

/* Reads what `show tls-keys` answered. False: it is no such answer. Pure. */
bool stek_feed_haproxy_read(const char *text, const struct stek_keyfile_layout *layout,
                            struct stek_keyfile_keys *ret_held);

/* What HAProxy holds now for the key file `file`. */
bool stek_feed_haproxy_ask(const char *socket, const char *file,
                           const struct stek_keyfile_layout *layout,
                           struct stek_keyfile_keys *ret_held, struct stek_feed_fault *ret_fault);

/*
 * Adds what is missing until HAProxy holds `wanted`, and looks whether it does. `held` is what it
 * holds now, with as many keys.
 */
bool stek_feed_haproxy_set(const char *socket, const char *file,
                           const struct stek_keyfile_keys *held,
                           const struct stek_keyfile_keys *wanted,
                           struct stek_feed_fault *ret_fault);

#endif
