/* SPDX-License-Identifier: Apache-2.0 */
/* One ring that stekd keeps. */
#ifndef STEK_DAEMON_KEPT_H
#define STEK_DAEMON_KEPT_H

#include "counters/stats_scan.h"
#include "daemon/config/config.h"
#include "daemon/history/history.h"
#include "ringfile/writer.h"

struct stek_kept {
    struct stek_config_ring config;
    struct stek_writer *writer;         /* NULL: the ring cannot be kept now */
    struct stek_config_problem problem; /* why */
    struct stekd_history *history; /* what happens to it is noted there; NULL: nowhere. Borrowed */
    bool counters_due;      /* its directory of counters could not be made, or not given away */
    int64_t retry_at;       /* when to try either of these again */
    int64_t retry_s;        /* how long after the last attempt */
    uint64_t counted_seq;   /* the active record when it was last counted */
    uint64_t rotations;     /* since stekd took the ring over */
    uint64_t continuations; /* of these, those onto a continuation; and those that were there when
                               it came */
    int64_t seed_last;      /* of source seed: when it was looked at, and when next */
    int64_t seed_next;
    int64_t seed_late;        /* of source seed: by how much its keys are overdue, if that is more
                                 than they live and the file waits for the clock; else 0 */
    const char *seed_problem; /* of source seed; NULL: none. Static */
    bool failing;             /* the last update failed: said once */
    struct stek_stats_scan *scan; /* of its counters; NULL: none yet */
    bool scan_due;                /* a round of it is wanted, or under way */
};

/* Where its file is to be. Borrows the ring's name. */
struct stek_writer_place stek_kept_place(const struct stek_kept *kept, int dir_fd, bool allow_disk);

/* Why it cannot be kept, without its name: from what its writer said, and errno as it was then. */
void stek_kept_explain(const struct stek_kept *kept, enum stek_result result, const char *problem,
                       int error, struct stek_config_problem *ret_problem);

/* Logs and notes how its file was found. */
void stek_kept_log_start(const struct stek_kept *kept, enum stek_writer_start start,
                         const char *problem);

/* Makes the directory of its counters, and gives it to the group. A failure is logged once. */
void stek_kept_make_counters(struct stek_kept *kept, int dir_fd);

/* Puts the next attempt off: by 1, 2, 4 … 64 seconds. */
void stek_kept_put_off(struct stek_kept *kept, int64_t now);

/* Whether it is time for the next attempt; also if the clock went back. */
bool stek_kept_is_time(const struct stek_kept *kept, int64_t now);

/* Whether the ring can be read and was brought up to date when that was last due. */
bool stek_kept_is_well(const struct stek_kept *kept);

/* Whether its records are this host's own: of source host, or STEK_RING_LOCAL. */
bool stek_kept_is_own(const struct stek_kept *kept);

/* Notes its policy and the key that seals, for a history that has begun anew. */
void stek_kept_note(const struct stek_kept *kept, int64_t now);

/* Whatever was changed in a ring: counts its rotation. To be called after each change. */
void stek_kept_count(struct stek_kept *kept, int64_t now);

#endif
