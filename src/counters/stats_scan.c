/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_scan.h"

#include "counters/stats_aggregate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { GARBAGE_S = 3600 };

struct round {
    struct stek_stats_walk *walk;
    struct stek_stats_total total;
    uint64_t known; /* names that were in it when it was read */
    struct stek_stats_sum sum;
};

struct stek_stats_scan {
    int run_dir;
    char ring[STEK_STATS_PATH_LEN];
    uint64_t patience_s;
    struct round *round; /* NULL: between rounds */
    struct stek_stats_sum latest;
    bool has_latest;
};

struct stek_stats_scan *stek_stats_scan_new(int run_dir, const char *ring, uint64_t patience_s)
{
    struct stek_stats_scan *scan = calloc(1, sizeof *scan);

    if (scan == NULL)
        return NULL;
    scan->run_dir = run_dir;
    (void)snprintf(scan->ring, sizeof scan->ring, "%s", ring);
    scan->patience_s = patience_s;
    return scan;
}

static void end_round(struct stek_stats_scan *scan)
{
    if (scan->round == NULL)
        return;
    stek_stats_walk_close(scan->round->walk);
    free(scan->round);
    scan->round = NULL;
}

void stek_stats_scan_free(struct stek_stats_scan *scan)
{
    if (scan == NULL)
        return;
    end_round(scan);
    free(scan);
}

const struct stek_stats_sum *stek_stats_scan_latest(const struct stek_stats_scan *scan)
{
    return scan->has_latest ? &scan->latest : NULL;
}

static bool begin_round(struct stek_stats_scan *scan)
{
    struct round *round = calloc(1, sizeof *round);

    if (round == NULL)
        return false;
    round->walk = stek_stats_walk_open(scan->run_dir, scan->ring, 0);
    if (round->walk == NULL) {
        free(round);
        return false;
    }
    scan->round = round;
    stek_stats_total_read(scan->run_dir, scan->ring, &round->total);
    stek_stats_add_total(&round->total, &round->sum);
    const int dir = dirfd(round->walk->dir);
    if (round->total.names > 0 &&
        !stek_stats_aggregate_resume(scan->run_dir, scan->ring, dir, &round->total)) {
        end_round(scan);
        return false;
    }
    round->known = round->total.names;
    return true;
}

/* Writes down what was added so far. */
static bool commit(struct stek_stats_scan *scan)
{
    struct round *round = scan->round;

    if (round->total.names == round->known)
        return true;
    const bool ok = stek_stats_aggregate_commit(scan->run_dir, scan->ring, dirfd(round->walk->dir),
                                                &round->total);
    round->known = round->total.names;
    return ok;
}

/* Adds a file to the sum and, when nobody has it any more, to the total. False: the total cannot
 * be written. */
static bool take_file(struct stek_stats_scan *scan)
{
    struct round *round = scan->round;
    struct stek_stats_walk *walk = round->walk;

    if (stek_stats_total_has(&round->total, walk->name))
        return true;
    const bool gone = stek_stats_add(walk, &round->sum);
    const bool may_have_child = walk->view.forked_at + scan->patience_s > stek_stats_boottime();
    if (!gone || may_have_child || !stek_stats_walk_may_forget(walk))
        return true;
    if (round->total.names == STEK_STATS_NAMES && !commit(scan))
        return false;
    if (round->total.names == STEK_STATS_NAMES)
        return true; /* files that cannot be removed */
    stek_stats_walk_drop(walk);
    stek_stats_aggregate_add(walk, &round->total);
    return true;
}

/* What is no stats file: not one that is just being made. */
static void take_garbage(struct round *round)
{
    const int dir = dirfd(round->walk->dir);
    struct stat about;

    round->sum.files_ignored++;
    if (fstatat(dir, round->walk->name, &about, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(about.st_mode))
        return;
    if (time(NULL) - about.st_ctime >= GARBAGE_S ||
        round->sum.files_ignored > STEK_STATS_FILES_MAX ||
        (S_ISREG(about.st_mode) && about.st_size > STEK_STATS_FILE_LEN))
        (void)unlinkat(dir, round->walk->name, 0);
}

static void take_over(struct round *round)
{
    round->sum.files_over++;
    if (round->sum.files + round->sum.files_over > STEK_STATS_FILES_MAX)
        (void)unlinkat(dirfd(round->walk->dir), round->walk->name, 0);
}

static bool walk_on(struct stek_stats_scan *scan, enum stek_stats_found *ret_found)
{
    while ((*ret_found = stek_stats_walk_next(scan->round->walk)) != STEK_STATS_FOUND_NONE &&
           *ret_found != STEK_STATS_FOUND_PAUSE) {
        if (*ret_found == STEK_STATS_FOUND_GARBAGE)
            take_garbage(scan->round);
        else if (*ret_found == STEK_STATS_FOUND_OVER)
            take_over(scan->round);
        else if (!take_file(scan))
            return false;
    }
    return commit(scan);
}

bool stek_stats_scan_go_on(struct stek_stats_scan *scan, unsigned steps)
{
    enum stek_stats_found found = STEK_STATS_FOUND_NONE;

    if (scan->round == NULL && !begin_round(scan))
        return true;
    stek_stats_walk_grant(scan->round->walk, steps);
    const bool ok = walk_on(scan, &found);
    if (ok && found == STEK_STATS_FOUND_PAUSE)
        return false;
    if (ok) {
        scan->latest = scan->round->sum;
        scan->has_latest = true;
    }
    end_round(scan);
    return true;
}
