/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd does whenever something has changed or become due. */
#ifndef STEK_DAEMON_TURN_H
#define STEK_DAEMON_TURN_H

#include "daemon/daemon.h"

/* Unix seconds. */
int64_t stekd_now(void);

/* Does what is due, and sets the alarm for what is next. After every change of a ring. */
void stekd_turn(struct stekd *daemon);

#endif
