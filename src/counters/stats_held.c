/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_held.h"

#include <fcntl.h>
#include <unistd.h>

void stek_stats_hold(int file)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    (void)fcntl(file, F_OFD_SETLK, &lock);
}

bool stek_stats_is_held(int file)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}
