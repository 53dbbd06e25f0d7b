/* SPDX-License-Identifier: Apache-2.0 */
/* Looks through the run directory. */
#ifndef STEK_DAEMON_WATCH_FIND_H
#define STEK_DAEMON_WATCH_FIND_H

#include "daemon/watch/orphans.h"

/*
 * Lists the ring files that the configuration does not name, by rising name, and destroys what
 * writers that died left. Looks at STEK_ORPHAN_ENTRIES_MAX entries at most. The caller frees
 * *ret_found. Returns false when the directory cannot be read or there is no memory.
 */
bool stek_orphans_list(int dir_fd, const struct stek_config *config, int64_t now,
                       struct stek_orphan **ret_found, size_t *ret_count);

/*
 * The latest time at which a ring in the directory was changed, by the clock of its keeper; 0: none
 * is known. *ret_since_boot says whether that was since this host booted: the directory is not on a
 * disk.
 */
int64_t stek_run_dir_latest_change(int dir_fd, bool *ret_since_boot);

#endif
