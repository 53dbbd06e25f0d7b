/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `stek feed`. */
#ifndef STEK_CLI_FEED_H
#define STEK_CLI_FEED_H

#include "feed/service.h"

#include <stdbool.h>

/* Prints how the feeds are. Returns an exit code. */
int stek_feed_status(const char *state_dir, bool json);

/* Overwrites and removes the keys that feeds left; with `all` those of all feeds, too. Returns an
 * exit code. */
int stek_feed_wipe(const struct stek_feed_options *options, bool all);

#endif
