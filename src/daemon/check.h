/* SPDX-License-Identifier: Apache-2.0 */
/* stekd --check-config: what a start would find beside the configuration's own text. */
#ifndef STEK_DAEMON_CHECK_H
#define STEK_DAEMON_CHECK_H

#include "daemon/config/config.h"
#include "daemon/config/options.h"

/*
 * Looks for the user, the run directory if there is one, and, as that user, every file that the
 * configuration names. One log line for each fault. Returns STEKD_EXIT_USAGE where a start would
 * fail; a ring's file that cannot be used stops no start. Changes the process's user: it is to end
 * afterwards.
 */
int stekd_check(const struct stek_options *options, const struct stek_config *config);

#endif
