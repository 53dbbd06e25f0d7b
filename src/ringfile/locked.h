/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: locked, so that it never reaches swap, and left out of core dumps. */
#ifndef STEK_RINGFILE_LOCKED_H
#define STEK_RINGFILE_LOCKED_H

#include "stek.h"

#include <stddef.h>

enum stek_sharing {
    STEK_SHARED_WITH_FORKS, /* a child sees the same memory */
    STEK_WIPED_ON_FORK      /* a child sees zeros (madvise MADV_WIPEONFORK) */
};

/*
 * Maps `len` zero bytes. Memory that cannot be locked and left out of core dumps is not for keys.
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

/* Locks again after a fork: a child does not inherit locks (mlock(2)). Returns whether that worked.
 */
int stek_locked_renew(const void *at, size_t len);

void stek_locked_unmap(void *at, size_t len);

#endif
