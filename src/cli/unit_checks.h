/* SPDX-License-Identifier: Apache-2.0 */
/* What would stop a service if `stek enable` wrote it down. */
#ifndef STEK_CLI_UNIT_CHECKS_H
#define STEK_CLI_UNIT_CHECKS_H

#include <stdbool.h>

/* Whether the unit is stekd's own, which makes the rings. */
bool stek_unit_is_stekd(const char *unit);

/*
 * Whether the system below `root` ("" is this one) has that group: with a group that there is not,
 * systemd starts no service (216/GROUP). True where that cannot be seen.
 */
bool stek_group_is_there(const char *root, const char *group);

#endif
