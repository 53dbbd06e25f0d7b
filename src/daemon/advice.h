/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of what a sound configuration may not be meant to say. */
#ifndef STEK_DAEMON_ADVICE_H
#define STEK_DAEMON_ADVICE_H

#include "daemon/config/config.h"

/* One line in the log for each ring that keeps its keys for less than the default time, because its
 * `rotate` is short and nobody gave an `accept`; and one if the group in `admin_group` does not
 * exist. */
void stekd_advise(const struct stek_config *config);

#endif
