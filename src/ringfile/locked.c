/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/locked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* mmap(2): EAGAIN where the limit is too low, and EPERM where it is 0. Any other EPERM comes from a
 * system call filter. */
static enum stek_result why_not_mapped(int error)
{
    struct rlimit limit;

    if (error == EAGAIN)
        return STEK_ERR_LOCK;
    if (error != EPERM)
        return STEK_ERR_MEMORY;
    return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == 0 ? STEK_ERR_LOCK
                                                                         : STEK_ERR_REFUSED;
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
    const enum stek_result result = advise(at, len, MADV_DONTDUMP);

    return result == STEK_OK && sharing == STEK_WIPED_ON_FORK ? advise(at, len, MADV_WIPEONFORK)
                                                              : result;
}

/* MAP_LOCKED, and not mlock(2): many services have a filter of system calls that ends a program
 * which calls that. What cannot be protected is unmapped again. */
static enum stek_result map(int fd, size_t len, int protection, enum stek_sharing sharing,
                            void **ret_at)
{
    const int visibility = sharing == STEK_SHARED_WITH_FORKS ? MAP_SHARED : MAP_PRIVATE;
    const int flags = visibility | MAP_LOCKED | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *at = mmap(NULL, len, protection, flags, fd, 0);

    if (at == MAP_FAILED)
        return why_not_mapped(errno);
    const enum stek_result result = protect(at, len, sharing);
    if (result == STEK_OK)
        *ret_at = at;
    else
        (void)munmap(at, len);
    return result;
}

enum stek_result stek_locked_map(size_t len, enum stek_sharing sharing, void **ret_at)
{
    return map(-1, len, PROT_READ | PROT_WRITE, sharing, ret_at);
}

enum stek_result stek_locked_map_file(int fd, size_t len, enum stek_access access, void **ret_at)
{
    const int protection = access == STEK_READ_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;

    return map(fd, len, protection, STEK_SHARED_WITH_FORKS, ret_at);
}

/* Reads up to the end of `wanted` in the file; returns how much of it was found in a row. */
static size_t find(int fd, const char *wanted, size_t wanted_len)
{
    char text[1024];
    size_t found = 0;
    ssize_t len;

    while (found < wanted_len && (len = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < len && found < wanted_len; i++)
            found = text[i] == wanted[found] ? found + 1 : text[i] == '\n';
    return found;
}

bool stek_locked_no_filter(void)
{
    static const char line[] = "\nSeccomp:\t0\n";
    const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    const bool found = find(fd, line, sizeof line - 1) == sizeof line - 1;
    (void)close(fd);
    return found;
}

bool stek_locked_renew(const void *at, size_t len)
{
    return mlock(at, len) == 0;
}

bool stek_locked_replace(void *at, size_t len)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_FIXED;

    return mmap(at, len, PROT_READ | PROT_WRITE, flags, -1, 0) == at &&
           protect(at, len, STEK_WIPED_ON_FORK) == STEK_OK;
}

void stek_locked_unmap(void *at, size_t len)
{
    (void)munmap(at, len);
}
