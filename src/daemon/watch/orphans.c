/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/orphans.h"

#include "core/policy.h"
#include "counters/stats_scan.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/watch/find.h"
#include "ringfile/destroy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { AGAIN_S = 60 };

void stek_orphans_init(struct stek_orphans *orphans, int dir_fd)
{
    *orphans = (struct stek_orphans){.dir_fd = dir_fd, .stale = true};
}

void stek_orphans_fini(struct stek_orphans *orphans)
{
    free(orphans->at);
    free(orphans->left);
    orphans->at = orphans->left = NULL;
    orphans->count = orphans->left_count = 0;
}

struct stek_orphan *stek_orphans_find(const struct stek_orphans *orphans, const char *name)
{
    for (size_t i = 0; i < orphans->count; i++)
        if (strcmp(orphans->at[i].name, name) == 0)
            return &orphans->at[i];
    return NULL;
}

static void tell(const struct stek_orphan *orphan, int64_t now)
{
    if (orphan->problem != NULL)
        stek_log(STEK_LOG_WARNING, "ring %s: no configuration names it, and stekd leaves it: %s",
                 orphan->name, orphan->problem);
    else
        stek_log(STEK_LOG_WARNING,
                 "ring %s: no configuration names it: wiped and removed in %lld s, or by 'stek "
                 "revoke %s --all'",
                 orphan->name, (long long)(orphan->removed_at > now ? orphan->removed_at - now : 0),
                 orphan->name);
}

/* A ring without keys, or a file that is none, stays for as long as keys open by default: its maker
 * may want it back. */
static int64_t removal(const struct stek_orphan *orphan, const struct stek_config *config)
{
    int64_t at =
        orphan->last_accept != 0 ? orphan->last_accept : orphan->since + STEK_ACCEPT_DEFAULT_S;

    if (orphan->problem != NULL)
        return INT64_MAX;
    if (config->orphan_time_s > 0 && orphan->since + config->orphan_time_s < at)
        at = orphan->since + config->orphan_time_s;
    return at;
}

/* What is known of an orphan stays; what is new is told. */
static void compare(const struct stek_orphans *orphans, const struct stek_config *config,
                    struct stek_orphan *found, size_t count, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        const struct stek_orphan *known = stek_orphans_find(orphans, found[i].name);
        const bool same =
            known != NULL && known->ino == found[i].ino && known->problem == found[i].problem;

        if (same) {
            found[i].since = known->since;
            found[i].failing = known->failing;
        }
        found[i].removed_at = removal(&found[i], config);
        if (!same)
            tell(&found[i], now);
    }
}

/* Whether it has been looked through since its last change; then there is nothing to do. */
static bool is_as_it_was(struct stek_orphans *orphans)
{
    struct stat status;

    if (fstat(orphans->dir_fd, &status) != 0)
        return true; /* nothing can be said; the next turn comes */
    const bool same = status.st_mtim.tv_sec == orphans->changed.tv_sec &&
                      status.st_mtim.tv_nsec == orphans->changed.tv_nsec && !orphans->stale;
    orphans->changed = status.st_mtim;
    return same;
}

bool stek_orphans_look(struct stek_orphans *orphans, const struct stek_config *config, int64_t now)
{
    struct stek_orphan *found;
    size_t count;

    if (is_as_it_was(orphans))
        return false;
    orphans->stale = !stek_orphans_list(orphans->dir_fd, config, now, &found, &count);
    if (orphans->stale)
        return false; /* a passing fault: what was known stays */
    compare(orphans, config, found, count, now);
    free(orphans->at);
    orphans->at = found;
    orphans->count = count;
    return true;
}

/* Those of an orphan that is gone. What takes more steps is left for later. */
static void remove_counters(struct stek_orphans *orphans, const struct stek_orphan *orphan)
{
    if (stek_stats_remove(orphans->dir_fd, orphan->name, STEK_STATS_REMOVE_STEPS) ==
        STEK_STATS_REMOVED)
        return;
    void *grown = realloc(orphans->left, (orphans->left_count + 1) * sizeof *orphans->left);
    if (grown == NULL)
        return;
    orphans->left = grown;
    orphans->left[orphans->left_count++] = *orphan;
}

/* Goes on with what was left. One that a configuration names again is no orphan's. */
static int64_t remove_left(struct stek_orphans *orphans, const struct stek_config *config,
                           int64_t now)
{
    int64_t next = INT64_MAX;
    size_t left = 0;

    for (size_t i = 0; i < orphans->left_count; i++) {
        const struct stek_orphan orphan = orphans->left[i];
        if (stek_config_find(config, orphan.name) != NULL)
            continue;
        const enum stek_stats_removal outcome = stek_stats_remove(
            orphans->dir_fd, orphan.name, STEK_STATS_REMOVE_STEPS / (unsigned)orphans->left_count);
        if (outcome == STEK_STATS_REMOVED)
            continue;
        orphans->left[left++] = orphan;
        const int64_t again = now + (outcome == STEK_STATS_LEFT ? 1 : AGAIN_S);
        next = again < next ? again : next;
    }
    orphans->left_count = left;
    return next;
}

enum stek_result stek_orphans_destroy(struct stek_orphans *orphans, struct stek_orphan *orphan,
                                      const char **ret_problem)
{
    enum stek_result result = stek_ringfile_destroy(orphans->dir_fd, orphan->name, ret_problem);

    if (result != STEK_OK)
        return result;
    remove_counters(orphans, orphan);
    const size_t after = (size_t)(orphans->at + orphans->count - (orphan + 1));
    memmove(orphan, orphan + 1, after * sizeof *orphan);
    orphans->count--;
    return STEK_OK;
}

/* Returns whether it is gone. */
static bool remove_one(struct stek_orphans *orphans, struct stek_orphan *orphan)
{
    const struct stek_orphan old = *orphan;
    const char *problem = NULL;

    errno = 0;
    enum stek_result result = stek_orphans_destroy(orphans, orphan, &problem);
    if (result == STEK_OK)
        stek_log(STEK_LOG_NOTICE, "ring %s: no configuration names it: wiped and removed",
                 old.name);
    else if (!old.failing)
        stek_log(STEK_LOG_ERROR, "ring %s: cannot be removed: %s", old.name,
                 problem != NULL ? problem : stek_failure_of(result, errno).text);
    if (result != STEK_OK)
        orphan->failing = true;
    return result == STEK_OK;
}

int64_t stek_orphans_update(struct stek_orphans *orphans, const struct stek_config *config,
                            bool sure, int64_t now)
{
    int64_t next = remove_left(orphans, config, now);

    for (size_t i = 0; i < orphans->count;) {
        struct stek_orphan *orphan = &orphans->at[i];
        if (orphan->removed_at <= now && sure && remove_one(orphans, orphan))
            continue;
        const int64_t due = orphan->removed_at > now ? orphan->removed_at : now + AGAIN_S;
        next = due < next ? due : next;
        i++;
    }
    return next;
}

void stek_orphans_describe(const struct stek_orphans *orphans, const struct stek_orphan *orphan,
                           int64_t now, struct stek_status_ring *ret_status)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const char *problem = orphan->problem;
    errno = 0;
    enum stek_result result =
        problem == NULL ? stek_ringfile_read(orphans->dir_fd, orphan->name, &state, &problem)
                        : STEK_ERR_FILE;

    if (result == STEK_OK)
        result = stek_status_describe(orphan->name, &state, NULL, now, ret_status);
    if (result != STEK_OK)
        stek_status_unreadable(orphan->name,
                               problem != NULL ? problem : stek_failure_of(result, errno).text,
                               ret_status);
    ret_status->orphan = true;
    ret_status->removed_at = orphan->removed_at != INT64_MAX ? orphan->removed_at : 0;
}
