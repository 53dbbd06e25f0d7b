/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that read the OpenSSL configuration after their program has forked each get a private
 * ring of their own (Python from 3.13 on does so): their clients resume with one of them only.
 */
#ifndef STEK_TLS_MODULE_LATEFORK_H
#define STEK_TLS_MODULE_LATEFORK_H

#include <stdbool.h>

/*
 * Whether this process is a fork of a parent that is still there, without an execve(2) between: it
 * has the parent's randomised addresses then. False where /proc does not say.
 */
bool stek_latefork_is_fork(void);

#endif
