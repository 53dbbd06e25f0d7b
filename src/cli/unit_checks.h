/* SPDX-License-Identifier: Apache-2.0 */
/* What would stop a service if `stek enable` wrote it down, and what would keep it from its ring.
 */
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

/* What systemd keeps a unit's processes from, though they need it with stek. */
struct stek_unit_limits {
    bool read_only; /* /run may not be written: no counters (ProtectSystem, ReadOnlyPaths) */
    bool no_exec;   /* files may be executed in some places only: no module (NoExecPaths) */
};

/* Asks systemd. Where it does not answer, nothing is limited. */
void stek_unit_limits_ask(const char *unit, struct stek_unit_limits *ret_limits);

#endif
