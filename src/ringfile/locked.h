/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: locked, so that it never reaches swap, and left out of core dumps. */
#ifndef STEK_RINGFILE_LOCKED_H
#define STEK_RINGFILE_LOCKED_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>

enum stek_sharing {
    STEK_SHARED_WITH_FORKS, /* a child sees the same memory */
    STEK_WIPED_ON_FORK      /* a child sees zeros (madvise MADV_WIPEONFORK) */
};

/*
 * Maps `len` zero bytes. Memory that cannot be locked and left out of core dumps is not for keys.
 * Does not call mlock(2), for which the filters of some services end the program.
 * Errors: STEK_ERR_MEMORY; STEK_ERR_LOCK (RLIMIT_MEMLOCK is too low); STEK_ERR_REFUSED (a system
 * call filter or the kernel refuses, whatever the limit).
 */
STEK_MUST_USE enum stek_result stek_locked_map(size_t len, enum stek_sharing sharing,
                                               void **ret_at);

enum stek_access { STEK_READ_ONLY, STEK_READ_WRITE };

/*
 * The same for the first `len` bytes of a file, shared with all processes that map it. Errors as
 * above.
 */
STEK_MUST_USE enum stek_result stek_locked_map_file(int fd, size_t len, enum stek_access access,
                                                    void **ret_at);

/*
 * Whether no filter of system calls is in force, so that mlock(2) may be called. False where that
 * cannot be seen, as in a chroot without /proc. Async-signal-safe.
 */
bool stek_locked_no_filter(void);

/*
 * Locks again after a fork: a child does not inherit locks (mlock(2)). Calls mlock(2). Returns
 * whether that worked. Async-signal-safe.
 */
bool stek_locked_renew(const void *at, size_t len);

/*
 * The same without mlock(2), for memory that is STEK_WIPED_ON_FORK: a new mapping takes its place,
 * which is as empty. False: the memory must not be used any more. Async-signal-safe.
 */
bool stek_locked_replace(void *at, size_t len);

void stek_locked_unmap(void *at, size_t len);

#endif
