/* SPDX-License-Identifier: Apache-2.0 */
/* What would stop a service if `stek enable` wrote it down, and what would keep it from its ring.
 */
#ifndef STEK_CLI_UNIT_CHECKS_H
#define STEK_CLI_UNIT_CHECKS_H

#include <stdbool.h>

#include "cli/unit_files.h"

/* Whether the unit is one of stek's own, which makes or reads the rings. */
bool stek_unit_is_ours(const char *unit);

/* What systemd may be asked about: of a template, an instance that need not run. */
void stek_unit_asked_as(const char *unit, char ret_name[STEK_UNIT_NAME_MAX + 1]);

/* Whether the unit is masked: it starts under no condition. False where systemd does not answer. */
bool stek_unit_is_masked(const char *unit);

/* Takes the unit's own name where `files` has an alias of it, such as bind9 for named. */
void stek_unit_follow_alias(struct stek_unit_files *files);

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
