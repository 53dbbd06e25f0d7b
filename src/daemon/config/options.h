/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of stekd(8). */
#ifndef STEK_DAEMON_OPTIONS_H
#define STEK_DAEMON_OPTIONS_H

#include <stdbool.h>

/* Exit codes of stekd(8). */
enum { STEKD_EXIT_FINE = 0, STEKD_EXIT_FAILED = 1, STEKD_EXIT_USAGE = 2 };

struct stek_options {
    const char *config;
    const char *run_dir;
    const char *state_dir; /* of the history; NULL: that of [fleet] */
    const char *fleet_library;
    bool allow_disk;
    bool check_config;
    bool connect; /* with check_config */
    bool no_sandbox;
};

/*
 * Reads the command line. Returns whether stekd is to go on; otherwise *ret_code is what it ends
 * with: help and version have been printed, or what is wrong.
 */
bool stek_options_read(int argc, char **argv, struct stek_options *ret_options, int *ret_code);

#endif
