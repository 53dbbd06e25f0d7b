/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of rings whose `accept` is shorter than its default. */
#ifndef STEK_DAEMON_SHORTACCEPT_H
#define STEK_DAEMON_SHORTACCEPT_H

#include "daemon/config/config.h"

/* One line in the log for each ring that keeps its keys for less than the default time, because its
 * `rotate` is short and nobody gave an `accept`. */
void stekd_tell_short_accept(const struct stek_config *config);

#endif
