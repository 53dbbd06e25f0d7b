/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/locked.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Whether mlock() failed for the limit. mlock(2): ENOMEM or EAGAIN; EPERM only where the limit is
 * 0. Any other errno comes from a system call filter or a kernel that cannot do it. */
static bool limit_is_the_reason(int error)
{
    struct rlimit limit;

    if (error == EPERM)
        return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == 0;
    return error == ENOMEM || error == EAGAIN;
}

/* madvise(2): ENOMEM and EAGAIN where the kernel has no resources left. */
static enum stek_result advise(void *at, size_t len, int advice)
{
    if (madvise(at, len, advice) == 0)
        return STEK_OK;
    return errno == ENOMEM || errno == EAGAIN ? STEK_ERR_MEMORY : STEK_ERR_REFUSED;
}

static enum stek_result protect(void *at, size_t len, enum stek_sharing sharing)
{
    enum stek_result result = advise(at, len, MADV_DONTDUMP);

    if (result == STEK_OK && sharing == STEK_WIPED_ON_FORK)
        result = advise(at, len, MADV_WIPEONFORK);
    if (result == STEK_OK && mlock(at, len) != 0)
        result = limit_is_the_reason(errno) ? STEK_ERR_LOCK : STEK_ERR_REFUSED;
    return result;
}

/* What cannot be protected is unmapped again. */
static enum stek_result protect_or_unmap(void *at, size_t len, enum stek_sharing sharing,
                                         void **ret_at)
{
    if (at == MAP_FAILED)
        return STEK_ERR_MEMORY;
    const enum stek_result result = protect(at, len, sharing);
    if (result == STEK_OK)
        *ret_at = at;
    else
        (void)munmap(at, len);
    return result;
}

enum stek_result stek_locked_map(size_t len, enum stek_sharing sharing, void **ret_at)
{
    const int visibility = sharing == STEK_SHARED_WITH_FORKS ? MAP_SHARED : MAP_PRIVATE;
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, visibility | MAP_ANONYMOUS, -1, 0);

    return protect_or_unmap(at, len, sharing, ret_at);
}

enum stek_result stek_locked_map_file(int fd, size_t len, enum stek_access access, void **ret_at)
{
    const int protection = access == STEK_READ_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    void *at = mmap(NULL, len, protection, MAP_SHARED, fd, 0);

    return protect_or_unmap(at, len, STEK_SHARED_WITH_FORKS, ret_at);
}

int stek_locked_renew(const void *at, size_t len)
{
    return mlock(at, len) == 0;
}

void stek_locked_unmap(void *at, size_t len)
{
    (void)munmap(at, len);
}
