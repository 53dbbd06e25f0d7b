/* SPDX-License-Identifier: Apache-2.0 */
/* The run directory: its rings, its writers, and the lock that keeps a second stekd away. */
#ifndef STEK_DAEMON_RUNDIR_H
#define STEK_DAEMON_RUNDIR_H

#include <stdbool.h>
#include <sys/types.h>

struct stek_rundir {
    int dir_fd;
    int lock_fd;
};

/* One line, without a newline. */
struct stek_rundir_problem {
    char text[512];
};

/*
 * Makes the directory when it is missing (mode 0755; given to `owner` unless that is (uid_t)-1),
 * and opens it. Refuses a directory whose owner is not root, this process's user or `owner`, that
 * group or others may write to, and, unless `allow_disk`, one that is not on tmpfs or ramfs: a disk
 * would keep the keys.
 */
bool stek_rundir_open(const char *path, uid_t owner, gid_t group, bool allow_disk,
                      struct stek_rundir *ret_dir, struct stek_rundir_problem *ret_problem);

/* Takes stekd.lock, unless another stekd has it. The lock is held until stek_rundir_close(). */
bool stek_rundir_lock(struct stek_rundir *dir, const char *path,
                      struct stek_rundir_problem *ret_problem);

void stek_rundir_close(struct stek_rundir *dir);

#endif
