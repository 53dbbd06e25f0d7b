/* SPDX-License-Identifier: Apache-2.0 */
/* A command that tells a server of its keys. */
#ifndef STEK_FEED_COMMAND_H
#define STEK_FEED_COMMAND_H

#include "feed/place.h"

enum { STEK_FEED_COMMAND_S = 30 };

/*
 * Runs the words of `command`, without a shell, and waits for at most STEK_FEED_COMMAND_S: then it
 * and its children are killed. False: *ret_fault says why, with the first line that it printed to
 * standard error. What it prints to standard output is thrown away; but one that `says_nothing`
 * when all is well has failed if it says something.
 */
bool stek_feed_run_command(const char *command, bool says_nothing,
                           struct stek_feed_fault *ret_fault);

#endif
