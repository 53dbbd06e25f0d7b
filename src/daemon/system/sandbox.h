/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that are left to stekd once it runs: those of its loop, its files and its
 * sockets. What is not listed fails with EPERM; starting programs, tracing and reading other
 * processes kill it. Memory is never made executable, and no socket but a Unix one is made, so that
 * an intruder in stekd can neither load code nor send keys over the network.
 */
#ifndef STEK_DAEMON_SANDBOX_H
#define STEK_DAEMON_SANDBOX_H

#include <stdbool.h>

enum stek_sandbox {
    STEK_SANDBOX_ON,
    STEK_SANDBOX_NOT_BUILT, /* built without libseccomp */
    STEK_SANDBOX_REFUSED    /* by the kernel or libseccomp */
};

/* Closes it for the rest of the process's life. `network` allows sockets to other hosts, for rings
 * of a fleet. If it is refused, *ret_error is the errno. */
enum stek_sandbox stek_sandbox_close(bool network, int *ret_error);

#endif
