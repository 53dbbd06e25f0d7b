/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting, sending and receiving with deadlines, which a stop ends at once. */
#ifndef STEK_AUDIT_NET_H
#define STEK_AUDIT_NET_H

#include "stek.h"

#include "audit/observation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How to end early: asked whenever something is waited for. `stop` may be NULL. */
struct stek_audit_stop {
    bool (*stop)(void *arg);
    void *arg;
};

bool stek_audit_stopped(const struct stek_audit_stop *stop);

/* Milliseconds of the monotonic clock, and Unix seconds. */
int64_t stek_audit_now_ms(void);
int64_t stek_audit_now(void);

/*
 * Waits until `fd` can be read (POLLIN) or written (POLLOUT), or with fd -1 only for the time to
 * pass. Returns false at the deadline (of the monotonic clock) or when stopped.
 */
bool stek_audit_wait(int fd, short events, int64_t deadline_ms, const struct stek_audit_stop *stop);

/* Sends all of it. Returns false at the deadline, when stopped, or when the connection is gone. */
bool stek_audit_send(int fd, const void *bytes, size_t len, int64_t deadline_ms,
                     const struct stek_audit_stop *stop);

/* Receives what is there, at least one byte. 0: closed, or gone; -1: deadline, or stopped. */
long stek_audit_receive(int fd, void *ret_bytes, size_t len, int64_t deadline_ms,
                        const struct stek_audit_stop *stop);

/* What errno means. The text is the calling thread's until its next call. */
const char *stek_audit_errno_text(int number);

#endif
