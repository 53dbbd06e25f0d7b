/* SPDX-License-Identifier: Apache-2.0 */
/* What a server is told once its key files are there: a signal, a line to a socket, or a command
 * that tells it. */
#ifndef STEK_FEED_AFTER_H
#define STEK_FEED_AFTER_H

#include "feed/config.h"
#include "feed/place.h"

/* Takes at most STEK_FEED_COMMAND_S (feed/command.h). False: *ret_fault says why. HAProxy is not
 * told here. */
bool stek_feed_tell(const struct stek_feed_config *config, struct stek_feed_fault *ret_fault);

#endif
