/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/locked.h"

#include <sys/mman.h>

static int protect(void *at, size_t len, enum stek_sharing sharing)
{
    if (madvise(at, len, MADV_DONTDUMP) != 0)
        return 0;
    if (sharing == STEK_WIPED_ON_FORK && madvise(at, len, MADV_WIPEONFORK) != 0)
        return 0;
    return mlock(at, len) == 0;
}

enum stek_result stek_locked_map(size_t len, enum stek_sharing sharing, void **ret_at)
{
    const int visibility = sharing == STEK_SHARED_WITH_FORKS ? MAP_SHARED : MAP_PRIVATE;
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, visibility | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return STEK_ERR_MEMORY;
    if (!protect(at, len, sharing)) {
        (void)munmap(at, len);
        return STEK_ERR_LOCK;
    }
    *ret_at = at;
    return STEK_OK;
}

enum stek_result stek_locked_map_file(int fd, size_t len, enum stek_access access, void **ret_at)
{
    const int protection = access == STEK_READ_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    void *at = mmap(NULL, len, protection, MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        return STEK_ERR_MEMORY;
    if (!protect(at, len, STEK_SHARED_WITH_FORKS)) {
        (void)munmap(at, len);
        return STEK_ERR_LOCK;
    }
    *ret_at = at;
    return STEK_OK;
}

int stek_locked_renew(const void *at, size_t len)
{
    return mlock(at, len) == 0;
}

void stek_locked_unmap(void *at, size_t len)
{
    (void)munmap(at, len);
}
