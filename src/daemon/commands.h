/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out requests of the control socket, after the caller has checked who asks. */
#ifndef STEK_DAEMON_COMMANDS_H
#define STEK_DAEMON_COMMANDS_H

#include "daemon/daemon.h"

/* stek_control_fn; `arg` is the struct stekd. */
json_t *stek_commands_answer(const struct stek_request *request, const struct stek_peer *peer,
                             void *arg);

#endif
