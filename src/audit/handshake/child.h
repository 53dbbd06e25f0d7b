/* SPDX-License-Identifier: Apache-2.0 */
/* A child process of the audit, and what it says to its parent before a deadline. */
#ifndef STEK_AUDIT_CHILD_H
#define STEK_AUDIT_CHILD_H

#include "audit/handshake/net.h"

#include <sys/types.h>

struct stek_audit_child {
    pid_t pid; /* 0 in the child itself */
    int to;    /* a pipe to the other side */
    int from;  /* and one from it */
};

/* Forks, with a pipe in each direction. Returns false, with nothing made. Not thread-safe. */
bool stek_audit_child_start(struct stek_audit_child *ret_child);

/* Reads all of `len` bytes. Returns false at the deadline, when stopped, or when the child ended.
 */
bool stek_audit_child_read(const struct stek_audit_child *child, void *ret_bytes, size_t len,
                           int64_t deadline_ms, const struct stek_audit_stop *stop);

/* Kills the child, if it still runs, and takes its end. */
void stek_audit_child_end(struct stek_audit_child *child);

#endif
