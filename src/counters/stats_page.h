/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of stats files (their tables are in stats.h) and of RING.total, where stekd keeps the
 * sum of the files that it has removed:
 *
 *     RING.total, 8,480 bytes
 *     offset  bytes  field
 *          0      8  magic "stektotl"
 *          8      8  version, 2
 *         16      8  generation: rises with each change
 *         24      8  number of names below, at most 256
 *         32    256  the counters, 8 bytes each, in the order of enum stek_counter, zeros up to 32
 *        288   8192  256 names of 32 bytes: files that are in the total already, and whose removal
 *                    comes next
 *
 * A reader skips the files with these names, so that no ticket is counted twice.
 */
#ifndef STEK_RINGFILE_STATS_PAGE_H
#define STEK_RINGFILE_STATS_PAGE_H

#include "counters/stats.h"
#include "core/words.h"

#include <stdalign.h>

enum {
    STEK_STATS_VERSION = 2,
    STEK_STATS_SHARDS = 16,
    STEK_STATS_SLOTS = 32, /* counters in a shard: room for more than there are */
    STEK_STATS_PROCESSES = 256,
    STEK_STATS_CONTEXTS = 64,
    STEK_STATS_FILE_LEN = 32768,
    STEK_STATS_NAME_LEN = 32, /* a file's name with its zero */
    STEK_STATS_NAMES = 256,
    STEK_STATS_PATH_LEN =
        80 /* "RING.stats" and the like, for ring names of at most 64 characters */
};

/* An honest counter never reaches this: beyond it, a file is garbage. */
#define STEK_STATS_COUNT_MAX ((uint64_t)1 << 48)

enum stek_context_state { STEK_CONTEXT_FREE, STEK_CONTEXT_WRITING, STEK_CONTEXT_THERE };

struct stek_stats_shard {
    alignas(64) stek_word count[STEK_STATS_SLOTS];
};

struct stek_stats_process {
    stek_word pid; /* 0: free */
    stek_word entered;
    stek_word last_use;
    stek_word claimed; /* by the process that is entering itself */
};

struct stek_stats_context {
    stek_word state; /* enum stek_context_state */
    stek_word len;
    stek_word bytes[32];
};

/* A stats file as it is mapped. */
struct stek_stats_page {
    stek_word magic;
    stek_word version;
    stek_word pid_namespace;
    stek_word forked_at; /* CLOCK_BOOTTIME seconds of the latest fork: a child may be about to enter
                            itself */
    stek_word lockable;  /* 1: a lock stands on the file while a process maps it: stats_held.h */
    stek_word unused[3];
    struct stek_stats_shard shard[STEK_STATS_SHARDS];
    struct stek_stats_process process[STEK_STATS_PROCESSES];
    struct stek_stats_context context[STEK_STATS_CONTEXTS];
    stek_word padding[376];
};

/* The same as plain bytes, for readers. */
struct stek_stats_view {
    uint64_t pid_namespace;
    uint64_t forked_at;
    bool lockable;
    uint64_t count[STEK_COUNTERS];
    size_t processes; /* of those that are not free */
    struct {
        int64_t pid;
        uint64_t entered;
        int64_t last_use;
        bool is_child; /* not the maker, which may have lived before it entered itself */
    } process[STEK_STATS_PROCESSES];
    size_t contexts;
    struct stek_context context[STEK_STATS_CONTEXTS];
};

struct stek_stats_total {
    uint64_t magic;
    uint64_t version;
    uint64_t generation;
    uint64_t names;
    uint64_t count[STEK_STATS_SLOTS];
    char name[STEK_STATS_NAMES][STEK_STATS_NAME_LEN];
};

uint64_t stek_stats_magic(const char magic[8]);

/* Reads a stats file's bytes. Returns false, and leaves *ret_view alone, when they are not to be
 * believed. Pure. */
bool stek_stats_parse(const uint8_t *bytes, size_t len, struct stek_stats_view *ret_view);

/* The same for RING.total. Pure. */
bool stek_stats_total_parse(const uint8_t *bytes, size_t len, struct stek_stats_total *ret_total);

/* Whether a name in RING.stats may be one of ours: PID-16HEX. Pure. */
bool stek_stats_is_name(const char *name);

/* "RING.stats" for what = "stats". False when the ring's name is no file name. Pure. */
bool stek_stats_path(const char *ring, const char *what, char ret_path[STEK_STATS_PATH_LEN]);

/* Seconds of CLOCK_BOOTTIME, which no step of the clock moves; the unit of /proc/PID/stat. */
uint64_t stek_stats_boottime(void);

#endif
