/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* strerrorname_np() is not in every libc. */
static const char *name_of(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {{EACCES, "EACCES"},
                 {EADDRINUSE, "EADDRINUSE"},
                 {EEXIST, "EEXIST"},
                 {EISDIR, "EISDIR"},
                 {ELOOP, "ELOOP"},
                 {ENOTDIR, "ENOTDIR"},
                 {ENOTEMPTY, "ENOTEMPTY"},
                 {ENAMETOOLONG, "ENAMETOOLONG"},
                 {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
                 {EFBIG, "EFBIG"},
                 {EAGAIN, "EAGAIN"},
                 {EBUSY, "EBUSY"},
                 {EDQUOT, "EDQUOT"},
                 {EINTR, "EINTR"},
                 {EINVAL, "EINVAL"},
                 {EIO, "EIO"},
                 {EMFILE, "EMFILE"},
                 {ENFILE, "ENFILE"},
                 {ENODEV, "ENODEV"},
                 {ENOENT, "ENOENT"},
                 {ENOMEM, "ENOMEM"},
                 {ENOSPC, "ENOSPC"},
                 {ENXIO, "ENXIO"},
                 {EPERM, "EPERM"},
                 {EROFS, "EROFS"},
                 {ESTALE, "ESTALE"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error)
            return names[i].name;
    return NULL;
}

struct stek_failure stek_failure_name(int error)
{
    const char *name = name_of(error);
    struct stek_failure failure;

    if (name != NULL)
        (void)snprintf(failure.text, sizeof failure.text, "%s (%s)", name, strerror(error));
    else
        (void)snprintf(failure.text, sizeof failure.text, "error %d (%s)", error, strerror(error));
    return failure;
}

/* Results of which errno may say more. */
static bool has_errno(enum stek_result result)
{
    return result == STEK_ERR_SYSTEM || result == STEK_ERR_MEMORY || result == STEK_ERR_LOCK ||
           result == STEK_ERR_REFUSED;
}

struct stek_failure stek_failure_of(enum stek_result result, int error)
{
    struct stek_failure failure;
    const char *what =
        result == STEK_ERR_SYSTEM ? "a system call failed" : stek_result_text(result);

    if (error != 0 && has_errno(result))
        (void)snprintf(failure.text, sizeof failure.text, "%.100s: %.80s", what,
                       stek_failure_name(error).text);
    else
        (void)snprintf(failure.text, sizeof failure.text, "%s", what);
    return failure;
}
