/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the stats files of a ring, for those who sum up and aggregate: nothing in there is
 * believed or waited for, and no walk does more than it has steps for. */
#ifndef STEK_COUNTERS_STATS_FILES_H
#define STEK_COUNTERS_STATS_FILES_H

#include "counters/stats_nested.h"
#include "counters/stats_page.h"

#include <dirent.h>
#include <sys/types.h>

enum stek_stats_found {
    STEK_STATS_FOUND_NONE,    /* the end */
    STEK_STATS_FOUND_FILE,    /* a stats file: `name` and `view` say which, and what it holds */
    STEK_STATS_FOUND_GARBAGE, /* something else, called `name` */
    STEK_STATS_FOUND_OVER,    /* over a limit, and not read: `name` */
    STEK_STATS_FOUND_PAUSE    /* no steps left: goes on with more */
};

/* What one user has in the directory. */
struct stek_stats_user {
    uid_t uid;
    unsigned files;
    unsigned processes; /* asked about */
};

enum stek_stats_seen {
    STEK_STATS_SEEN_UNKNOWN, /* not asked yet */
    STEK_STATS_SEEN_NONE,    /* no process of the file can be seen from here */
    STEK_STATS_SEEN_SOME
};

struct stek_stats_walk {
    DIR *dir;
    unsigned steps; /* left */
    int64_t cpu_us; /* of this thread, when the entry that is looked at was begun */
    unsigned files; /* taken so far, of all users */
    uint64_t own_pid_namespace;
    size_t users;
    struct stek_stats_user user[STEK_STATS_USERS_MAX];
    struct stek_stats_user *owner; /* of the file in `view` */
    char name[256];
    struct stek_stats_view view;
    bool held;                        /* some process maps the file in `view`, if it is lockable */
    enum stek_stats_seen seen;        /* of a file of another pid namespace */
    struct stek_stats_nested *nested; /* NULL: not looked for yet */
    uint8_t bytes[STEK_STATS_FILE_LEN + 1];
};

/* Begins, with so many steps. NULL: no directory that we may read, or no memory. The caller ends it
 * with stek_stats_walk_close(). */
struct stek_stats_walk *stek_stats_walk_open(int run_dir, const char *ring, unsigned steps);

/* Gives the walk so many steps. An entry costs one, and more if it and what was done with it took
 * long: some files cost the kernel a thousand times as much as others. */
void stek_stats_walk_grant(struct stek_stats_walk *walk, unsigned steps);

enum stek_stats_found stek_stats_walk_next(struct stek_stats_walk *walk);

/* Reads the file `name` once more into `view`. Returns whether it is a stats file. */
bool stek_stats_walk_read(struct stek_stats_walk *walk);

/* The file in `view` is about to be removed: it does not count for its user any more. */
void stek_stats_walk_drop(struct stek_stats_walk *walk);

enum stek_stats_life {
    STEK_STATS_GONE,
    STEK_STATS_ALIVE,  /* or in another pid namespace, and that cannot be told from here */
    STEK_STATS_UNKNOWN /* its user has too many: not asked about */
};

/* Whether process `i` of the view is alive. */
enum stek_stats_life stek_stats_walk_life(struct stek_stats_walk *walk, size_t i);

/* Whether the file in `view` may go once all its processes are gone: they can be told from others
 * that have their numbers. */
bool stek_stats_walk_may_forget(const struct stek_stats_walk *walk);

void stek_stats_walk_close(struct stek_stats_walk *walk);

/* Adds the file in `view` to a sum, with those of its processes that are alive. Returns whether
 * all of them are known to be gone. */
bool stek_stats_add(struct stek_stats_walk *walk, struct stek_stats_sum *sum);

/* Adds the counters of a total. */
void stek_stats_add_total(const struct stek_stats_total *total, struct stek_stats_sum *sum);

/* RING.total; all zeros when there is none, or none to be believed. */
void stek_stats_total_read(int run_dir, const char *ring, struct stek_stats_total *ret_total);

/* Whether the total holds this file already. */
bool stek_stats_total_has(const struct stek_stats_total *total, const char *name);

#endif
