/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MEMLOCK_WANTED = 64 * 1024 * 1024, FILES_WANTED = 4096 };

bool stek_account_find(const char *user, struct stek_account *ret_account)
{
    struct stek_account account = {.name = "", .uid = (uid_t)-1, .gid = (gid_t)-1};

    if (user[0] != '\0') {
        const struct passwd *entry = getpwnam(user);
        if (entry == NULL)
            return false;
        account.uid = entry->pw_uid;
        account.gid = entry->pw_gid;
        (void)snprintf(account.name, sizeof account.name, "%s", user);
    }
    *ret_account = account;
    return true;
}

/* What names a limit: glibc has a type of its own for that, where all of GNU is asked for. */
#ifdef __GLIBC__
typedef __rlimit_resource_t limit_name;
#else
typedef int limit_name;
#endif

/* Raises the soft limit to the hard one, and both where that is allowed and they are too low. No
 * limit gets lower: what many rings need was given on purpose. */
static void raise_limit(limit_name resource, rlim_t wanted)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return;
    const struct rlimit more = {.rlim_cur = wanted, .rlim_max = wanted};
    if (limit.rlim_max < wanted && setrlimit(resource, &more) == 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(resource, &limit);
}

bool stek_privileges_limit(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    raise_limit(RLIMIT_MEMLOCK, MEMLOCK_WANTED);
    raise_limit(RLIMIT_NOFILE, FILES_WANTED);
    return setrlimit(RLIMIT_CORE, &none) == 0;
}

/* Whether CAP_CHOWN is permitted now. */
static bool may_chown(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    return syscall(SYS_capget, &header, data) == 0 && (data[0].permitted & (1U << CAP_CHOWN)) != 0;
}

static bool keep_only_chown(bool chown)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};

    data[0].permitted = data[0].effective = chown ? 1U << CAP_CHOWN : 0;
    return syscall(SYS_capset, &header, data) == 0;
}

/* Without CAP_SETPCAP the bounding set stays as it is; no_new_privs makes up for it. */
static void clear_bounding_set(void)
{
    for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (cap != CAP_CHOWN)
            (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

const char *stek_privileges_drop(const struct stek_account *account)
{
    const bool chown = may_chown();

    clear_bounding_set();
    if (account->uid != (uid_t)-1 && account->uid != geteuid()) {
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
            initgroups(account->name, account->gid) != 0 ||
            setresgid(account->gid, account->gid, account->gid) != 0 ||
            setresuid(account->uid, account->uid, account->uid) != 0)
            return "cannot switch to the configured user";
    }
    if (!keep_only_chown(chown))
        return "cannot give up capabilities";
    if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return "cannot set no_new_privs";
    return NULL;
}

bool stek_privileges_hide(void)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}
