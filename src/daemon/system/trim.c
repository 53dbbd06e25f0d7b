/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/trim.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Only segments that were never writable: their pages are those of the file. What was relocated at
 * start is in writable ones, also where it is read-only by now. */
static int drop_object(struct dl_phdr_info *object, size_t size, void *arg)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)arg;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        const uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        const uintptr_t end =
            (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (end > begin)
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void stek_trim(void)
{
#ifdef __GLIBC__ /* other libraries give memory back by themselves, or have no call for it */
    (void)malloc_trim(0);
#endif
    (void)dl_iterate_phdr(drop_object, NULL);
}
