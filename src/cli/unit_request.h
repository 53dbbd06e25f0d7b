/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek enable` and `stek disable` were asked for, and what both say and do. */
#ifndef STEK_CLI_UNIT_REQUEST_H
#define STEK_CLI_UNIT_REQUEST_H

#include "cli/cnf_file.h"
#include "cli/unit_checks.h"
#include "cli/unit_files.h"

#include <stdbool.h>

struct stek_unit_request {
    struct stek_cnf cnf;
    struct stek_unit_files files;
    const char *group;
    char group_found[64];
    struct stek_unit_limits limits;
    bool dry_run;
    bool force;
};

/* Takes the one word at argv[optind] for the unit. False after a complaint. */
bool stek_unit_request_take(const char *command, int argc, char **argv,
                            struct stek_unit_request *request);

/* This system's units may have other names beside their own: takes that, and says so. */
void stek_unit_request_follow_alias(struct stek_unit_request *request);

/* False after a complaint: a drop-in of that name which an administrator wrote is left alone. */
bool stek_unit_request_may_write(const struct stek_unit_request *request);

/* Says why a file could not be changed, by errno. */
void stek_unit_request_say_error(const struct stek_unit_request *request, const char *path);

/* Says how the service takes the change: of a template, the instances that run. */
void stek_unit_request_print_restart(const struct stek_unit_request *request);

/* Has systemd read the drop-in; not in an image, and not where systemd does not run. */
void stek_unit_request_reload(const struct stek_unit_request *request);

#endif
