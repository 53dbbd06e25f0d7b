/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd does whenever something has changed or become due. */
#ifndef STEK_DAEMON_TURN_H
#define STEK_DAEMON_TURN_H

#include "daemon/daemon.h"

/* Unix seconds. */
int64_t stekd_now(void);

/* Does what is due, and sets the alarm for what is next. After every change of a ring. */
void stekd_turn(struct stekd *daemon);

/* Before an answer that describes rings. */
void stekd_begin_answer(struct stekd *daemon);

/* A callback of libevent: goes on with the rounds over counters. */
void stekd_on_counting(evutil_socket_t fd, short events, void *arg);

#endif
