/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out requests of the control socket, after the caller has checked who asks. */
#ifndef STEK_DAEMON_COMMANDS_H
#define STEK_DAEMON_COMMANDS_H

#include "daemon/daemon.h"

/* stek_control_fn; `arg` is the struct stekd. */
json_t *stek_commands_answer(const struct stek_request *request, const struct stek_peer *peer,
                             void *arg);

/* The status of the ring `only`, or of all where that is empty. NULL: no memory. The caller owns
 * it.
 */
json_t *stek_commands_rings(struct stekd *daemon, const char *only, int64_t now);

/* What stekd says of itself. NULL: no memory. The caller owns it. */
json_t *stek_commands_self(const struct stekd *daemon);

#endif
