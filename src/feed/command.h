/* SPDX-License-Identifier: Apache-2.0 */
/* A command that tells a server of its keys. */
#ifndef STEK_FEED_COMMAND_H
#define STEK_FEED_COMMAND_H

#include "feed/place.h"

enum { STEK_FEED_COMMAND_S = 30 };

/*
 * Runs the words of `command`, without a shell, and waits for at most STEK_FEED_COMMAND_S: then it
 * and its children are killed. What it prints is thrown away. False: *ret_fault says why, with the
 * first line that it printed to standard error.
 */
bool stek_feed_run_command(const char *command, struct stek_feed_fault *ret_fault);

#endif
