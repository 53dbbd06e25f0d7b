/* SPDX-License-Identifier: Apache-2.0 */
/* stekd --check-config --connect. */
#ifndef STEK_DAEMON_CONNECT_H
#define STEK_DAEMON_CONNECT_H

#include "daemon/config/config.h"
#include "daemon/config/options.h"

/*
 * Tries the key-encryption keys and the endpoints of [fleet], after stekd_check() has become the
 * configured user. Says each in a line: on standard output what is fine, on standard error what is
 * not. Returns the exit code.
 */
int stekd_connect(const struct stek_options *options, const struct stek_config *config);

#endif
