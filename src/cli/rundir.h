/* SPDX-License-Identifier: Apache-2.0 */
/* The run directory: --run-dir DIR anywhere on the line, or the one that was compiled in; and the
 * rings in it. */
#ifndef STEK_CLI_RUNDIR_H
#define STEK_CLI_RUNDIR_H

#include "core/ringname.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes --run-dir out of the command line. Returns false, having said why, when its value is
 * missing. */
bool stek_rundir_take(int *argc, char **argv);

/* The directory, as given. */
const char *stek_rundir(void);

enum { STEK_RUNDIR_RINGS_MAX = 1024 };

/*
 * Lists the rings that have a file there, by name, at most STEK_RUNDIR_RINGS_MAX, in *ret_names,
 * which the caller frees. Returns how many; -1 with errno set when the directory cannot be read.
 */
int stek_rundir_list(int dir_fd, char (**ret_names)[STEK_RING_NAME_MAX + 1]);

/* Opens it; -1 with errno set. */
int stek_rundir_open(void);

#endif
