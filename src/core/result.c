/* SPDX-License-Identifier: Apache-2.0 */
#include "stek.h"

const char *stek_result_text(enum stek_result result)
{
    switch (result) {
    case STEK_OK:
        return "success";
    case STEK_ERR_ARGUMENT:
        return "an argument is missing, or a context label is not 1 to 255 printable ASCII "
               "characters";
    case STEK_ERR_POLICY:
        return "the policy is out of range";
    case STEK_ERR_MEMORY:
        return "out of memory";
    case STEK_ERR_LOCK:
        return "memory for keys cannot be locked: raise RLIMIT_MEMLOCK (ulimit -l)";
    case STEK_ERR_RANDOM:
        return "the random generator failed or gave a weak key";
    case STEK_ERR_CRYPTO:
        return "a libcrypto call failed: its error queue says why";
    case STEK_ERR_SYSTEM:
        return "a system call failed: errno says why";
    case STEK_ERR_BUSY:
        return "another thread or process is doing this now";
    case STEK_ERR_FORMAT:
        return "not a ring, or a ring of another version";
    case STEK_ERR_FILE:
        return "the ring file cannot be used";
    case STEK_ERR_REFUSED:
        return "memory for keys cannot be locked or kept out of core dumps: a system call filter "
               "(seccomp) or the kernel refuses madvise(), or mmap() with MAP_LOCKED";
    case STEK_ERR_NO_KEY:
        return "no key seals now, or no key has this name";
    }
    return "unknown result";
}
