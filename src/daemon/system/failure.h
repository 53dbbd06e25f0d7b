/* SPDX-License-Identifier: Apache-2.0 */
/* A result in words for the log, with the name of the error that a system call gave. */
#ifndef STEK_DAEMON_FAILURE_H
#define STEK_DAEMON_FAILURE_H

#include "stek.h"

#include <stdbool.h>

struct stek_failure {
    char text[192];
};

/* "EIO (Input/output error)", of an errno. */
struct stek_failure stek_failure_name(int error);

/* `error` is errno right after the call; 0: it says nothing. */
struct stek_failure stek_failure_of(enum stek_result result, int error);

#endif
