/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the stats files of a ring, for those who sum up and fold: nothing in there is
 * believed or waited for. */
#ifndef STEK_RINGFILE_STATS_FILES_H
#define STEK_RINGFILE_STATS_FILES_H

#include "counters/stats_page.h"

#include <dirent.h>

enum stek_stats_found {
    STEK_STATS_FOUND_NONE,    /* the end */
    STEK_STATS_FOUND_FILE,    /* a stats file: `name` and `view` say which, and what it holds */
    STEK_STATS_FOUND_GARBAGE, /* something else, called `name` */
    STEK_STATS_FOUND_TOO_MANY /* more entries than are looked at: the end, too */
};

struct stek_stats_walk {
    DIR *dir;
    unsigned entries;
    unsigned checks; /* of processes; they are bounded, too */
    uint64_t own_pid_namespace;
    char name[256];
    struct stek_stats_view view;
    uint8_t bytes[STEK_STATS_FILE_LEN + 1];
};

/* Begins. NULL: no directory that we may read, or no memory. The caller ends it with
 * stek_stats_walk_close(). */
struct stek_stats_walk *stek_stats_walk_open(int run_dir, const char *ring);

enum stek_stats_found stek_stats_walk_next(struct stek_stats_walk *walk);

/* Reads the file `name` once more into `view`. Returns whether it is a stats file. */
bool stek_stats_walk_read(struct stek_stats_walk *walk);

/*
 * Whether process `i` of the view is alive. If that is unknown (a container's, too many asked), it
 * counts as alive.
 */
bool stek_stats_walk_alive(struct stek_stats_walk *walk, size_t i);

void stek_stats_walk_close(struct stek_stats_walk *walk);

/* RING.total; all zeros when there is none, or none to be believed. */
void stek_stats_total_read(int run_dir, const char *ring, struct stek_stats_total *ret_total);

/* Whether the total holds this file already. */
bool stek_stats_total_has(const struct stek_stats_total *total, const char *name);

/* stek_stats_fold() with another patience than 10 s after a fork, for tests. */
enum stek_result stek_stats_fold_after(int run_dir, const char *ring, uint64_t patience_s,
                                       bool *ret_more);

#endif
