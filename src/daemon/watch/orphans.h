/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orphans: ring files in the run directory that the configuration does not name. A ring that left
 * the configuration while stekd was stopped becomes one. Its keys still open tickets, so it is
 * shown, can be revoked, and is wiped and removed when its last key has ended, or earlier.
 *
 * Only stekd's own regular files are ever opened for writing or removed. Other things that have the
 * name of a ring file are shown with what is wrong with them.
 */
#ifndef STEK_DAEMON_WATCH_ORPHANS_H
#define STEK_DAEMON_WATCH_ORPHANS_H

#include "daemon/config/config.h"
#include "status/status.h"

#include <time.h>

enum { STEK_ORPHANS_MAX = 1024, STEK_ORPHAN_ENTRIES_MAX = 65536 };

struct stek_orphan {
    char name[STEK_RING_NAME_MAX + 1];
    ino_t ino;
    int64_t since;       /* Unix seconds: when it was found */
    int64_t last_accept; /* when its last key ends; 0: it has none, or is no sound ring */
    int64_t removed_at;  /* INT64_MAX: never, since it is not stekd's */
    const char *problem; /* that keeps stekd from removing it; NULL: none. Static */
    bool failing;        /* the last try to remove it failed: said once */
};

struct stek_orphans {
    int dir_fd;             /* of the run directory; borrowed */
    struct stek_orphan *at; /* by rising name */
    size_t count;
    struct stek_orphan *left; /* gone, but for counters that wait to be removed */
    size_t left_count;
    bool stale;              /* look again, whether the directory has changed or not */
    struct timespec changed; /* when the directory had changed when it was looked through */
};

void stek_orphans_init(struct stek_orphans *orphans, int dir_fd);
void stek_orphans_fini(struct stek_orphans *orphans);

/*
 * Looks the run directory through, if it has changed; returns whether it had. Finds new orphans,
 * forgets what is gone or named again, and destroys what writers that died left of new rings. One
 * line in the log for each orphan that is new.
 */
bool stek_orphans_look(struct stek_orphans *orphans, const struct stek_config *config, int64_t now);

/* Removes what is due; nothing unless the clock is `sure`. Returns when to come again, later than
 * `now`; INT64_MAX: never. */
int64_t stek_orphans_update(struct stek_orphans *orphans, const struct stek_config *config,
                            bool sure, int64_t now);

/* The orphan of that name, or NULL. Borrowed until the next call. */
struct stek_orphan *stek_orphans_find(const struct stek_orphans *orphans, const char *name);

/* What is going on in it. */
void stek_orphans_describe(const struct stek_orphans *orphans, const struct stek_orphan *orphan,
                           int64_t now, struct stek_status_ring *ret_status);

/*
 * Wipes and removes an orphan now, and forgets it. Errors: as stek_ringfile_destroy(), with errno;
 * *ret_problem is set with STEK_ERR_FILE.
 */
STEK_MUST_USE enum stek_result stek_orphans_destroy(struct stek_orphans *orphans,
                                                    struct stek_orphan *orphan,
                                                    const char **ret_problem);

#endif
