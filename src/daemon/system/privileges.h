/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd gives up before it makes a key: root, capabilities, core dumps, being traced. */
#ifndef STEK_DAEMON_PRIVILEGES_H
#define STEK_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/* The user that stekd becomes; `uid` (uid_t)-1: stay. */
struct stek_account {
    char name[80];
    uid_t uid;
    gid_t gid;
};

/* Looks a user up; "" stands for staying. Returns false if no user has that name. */
bool stek_account_find(const char *user, struct stek_account *ret_account);

/* No core dumps; as much locked memory and as many open files as the hard limits allow. */
bool stek_privileges_limit(void);

/*
 * Becomes the account with its groups, unless it is to stay, and keeps no capability but CAP_CHOWN,
 * that only where it was there before: it gives rings to groups that stekd is not in. Never gains
 * any again (no_new_privs). On failure returns what was refused, a static text with errno set; the
 * process must end then.
 */
const char *stek_privileges_drop(const struct stek_account *account);

/*
 * Only root may attach a debugger or read /proc/PID/mem. To be called after stek_privileges_drop(),
 * which undoes it.
 */
bool stek_privileges_hide(void);

#endif
