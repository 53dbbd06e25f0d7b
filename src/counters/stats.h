/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of what servers do with a ring's tickets. Each program that opens a ring file makes one
 * file of its own in the directory RING.stats, maps it, and shares the mapping with its forks.
 * Counting is an atomic addition in memory, so numbers survive kill -9. All numbers are
 * little-endian, as in the ring file:
 *
 *     RING.stats/PID-16HEX, 32,768 bytes
 *     offset  bytes  field
 *          0      8  magic "stekstat"
 *          8      8  version, 2
 *         16      8  the maker's pid namespace: inode of /proc/self/ns/pid, 0 if unknown
 *         24      8  time of the latest fork, seconds of CLOCK_BOOTTIME
 *         32      8  1: a lock stands on the file while a process maps it (stats_held.h)
 *         40     24  zeros
 *         64   4096  16 shards of 32 counters, 8 bytes each, in the order of enum stek_counter
 *       4160   8192  256 processes of 32 bytes: pid, entered (seconds of CLOCK_BOOTTIME),
 *                    last_use (Unix seconds of the latest ticket, 0: none yet), taken.
 *                    The first is the maker and stays.
 *      12352  17408  64 contexts in use: state (0 free, 1 being written, 2 there), length,
 *                    256 bytes
 *      29760   3008  zeros
 *
 * Why one file for each program: a process that can write a file can also truncate it, and a
 * mapping of a truncated file kills its process with SIGBUS. Here only the program's own user can
 * do that, to its own processes. The directory (mode 1770, sticky) lets members of the ring's group
 * make files, but not touch the files of others.
 *
 * The attacker is a consumer that writes anything here, truncates at any time, or fills the
 * directory. Readers never map these files, never block on a FIFO or a lease, read a bounded number
 * of files of exactly one size, and take numbers only.
 */
#ifndef STEK_RINGFILE_STATS_H
#define STEK_RINGFILE_STATS_H

#include "stek.h"

#include "crypto/derive.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum stek_counter {
    STEK_COUNT_SEALED,  /* tickets given to clients */
    STEK_COUNT_OPENED,  /* tickets that resumed a session */
    STEK_COUNT_RENEWED, /* tickets given on resumed connections; they are among the sealed ones */
    STEK_COUNT_UNKNOWN, /* refused: sealed under no key of the ring, or a retired one */
    STEK_COUNT_DAMAGED, /* refused: the key is known, but the MAC or what is inside is wrong */
    STEK_COUNT_SESSION_AGE,  /* refused: the chain of resumptions is over its cap */
    STEK_COUNT_SERVER_NAME,  /* refused: presented for another server name */
    STEK_COUNT_CERT_EXPIRED, /* refused: the client certificate in it has expired */
    STEK_COUNT_CERT_MISSING, /* refused: a client certificate is demanded and it has none */
    STEK_COUNT_ID_CONTEXT,   /* refused: libssl would have answered with an alert, or takes it for
                                another program's */
    STEK_COUNT_NOT_SEALED,   /* no ticket given: no usable key, or nothing left to promise */
    STEK_COUNT_NOT_MET,      /* SSL_CTXs that went back to libssl's own keys, since a connection did
                                not lead to its ring */
    STEK_COUNT_REPLACED,     /* SSL_CTXs whose program put keys of its own in the ring's place */
    STEK_COUNT_VERIFIED_PEERS, /* SSL_CTXs that share tickets only as libssl does, since the program
                                  verifies peers */
    STEK_COUNT_EARLY_ACCEPTED, /* early data that stek let pass */
    STEK_COUNT_EARLY_REPLAYED, /* refused early data: its ticket had brought some before */
    STEK_COUNT_EARLY_FOREIGN,  /* refused early data: another program sealed the ticket */
    STEK_COUNT_EARLY_TOO_OLD,  /* refused early data: the ticket has left the window */
    STEK_COUNT_EARLY_UNCHECKED, /* early data that the program accepted without asking stek */
    STEK_COUNT_RESUMED_BY_ID,   /* resumptions by session id, without a ticket */
    STEK_COUNTERS
};

/* The field's name in JSON and metrics: "sealed", "unknown", … */
const char *stek_counter_name(enum stek_counter counter);

/* Whether the counter is a reason for which a ticket was refused. */
static inline bool stek_counter_is_refusal(enum stek_counter counter)
{
    return counter >= STEK_COUNT_UNKNOWN && counter <= STEK_COUNT_ID_CONTEXT;
}

/* Whether the counter says what became of early data. Its name begins with "early_". */
static inline bool stek_counter_is_early(enum stek_counter counter)
{
    return counter >= STEK_COUNT_EARLY_ACCEPTED && counter <= STEK_COUNT_EARLY_UNCHECKED;
}

/* ---- for consumers ---- */

/* This process's place in a stats file. */
struct stek_stats;

/* One program may map so many files, of all rings. */
enum { STEK_STATS_OF_PROGRAM_MAX = 16 };

/*
 * Makes and maps a stats file below the run directory. `run_dir` may be closed afterwards. No
 * error: NULL means that nothing is counted (no directory, not in the group, no room, no memory,
 * too many for one program), and every call below takes NULL. Thread-safe.
 */
struct stek_stats *stek_stats_create(int run_dir, const char *ring);

/*
 * Unmaps. The file stays: stekd adds it to the ring's total when all its processes are gone. But
 * one in which nothing was ever counted is removed, if this program never forked since it was made
 * and can still reach it.
 */
void stek_stats_unmap(struct stek_stats *stats);

/*
 * For pthread_atfork(). Before, in the parent, so that stekd does not take the file for an orphan
 * during the fork; after, in the child, which enters itself in the table of processes.
 * Async-signal-safe.
 */
void stek_stats_before_fork(struct stek_stats *stats);
void stek_stats_after_fork(struct stek_stats *stats);

/* Counts one. Thread-safe; no lock, no system call. `now` in Unix seconds. */
void stek_stats_count(struct stek_stats *stats, enum stek_counter counter, int64_t now);

/* Corrects a count: takes back one from `was` and adds one to `is`. Thread-safe. */
void stek_stats_correct(struct stek_stats *stats, enum stek_counter was, enum stek_counter is,
                        int64_t now);

/* Notes a context with derived keys, so that `stek inspect` can try it. Not secret. Thread-safe. */
void stek_stats_context(struct stek_stats *stats, const struct stek_context *context);

/* ---- for stekd and stek ---- */

/*
 * What a member of the ring's group can cause is bounded, whatever it writes. Work is measured in
 * steps: one for each entry of the directory and each process that is asked about, some 10 to 20 us
 * of time. Files over the limit of their user or of the ring are left out.
 */
enum {
    STEK_STATS_CONSUMERS_MAX = 64,
    STEK_STATS_CONTEXTS_MAX = 256,
    STEK_STATS_FILES_MAX = 1024,
    STEK_STATS_FILES_OF_USER_MAX = 256,
    STEK_STATS_PROCESSES_OF_USER_MAX = 1024, /* asked about in one walk; others are not listed */
    STEK_STATS_USERS_MAX = 64,
    STEK_STATS_READ_STEPS = 4096
};

struct stek_consumer {
    int64_t pid;
    int64_t last_use; /* Unix seconds; 0: no ticket yet */
};

/* All stats files of a ring together with what was aggregated. */
struct stek_stats_sum {
    uint64_t count[STEK_COUNTERS]; /* each at most 2^60 */
    uint64_t processes;            /* alive, as far as one can tell */
    uint64_t processes_used;       /* those of them that handled a ticket */
    uint64_t files;                /* believed */
    uint64_t
        files_ignored;   /* not of this format, not read in one piece, or with impossible numbers */
    uint64_t files_over; /* over the limit of their user or of the ring, and left out */
    bool incomplete;     /* there was more than the steps allowed to look at, or processes over the
                            limit of their user */
    size_t consumer_count; /* alive, the most recently used first; the first 64 */
    struct stek_consumer consumer[STEK_STATS_CONSUMERS_MAX];
};

/*
 * Sums up, in at most *steps and what the last file costs; they are taken off. Never blocks, never
 * maps. Errors: STEK_ERR_SYSTEM (there is no directory that we may read). Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_stats_read(int run_dir, const char *ring, unsigned *steps,
                                               struct stek_stats_sum *ret_sum);

/* The contexts that consumers noted, at most `max`; returns how many. They are only a hint. */
size_t stek_stats_contexts(int run_dir, const char *ring, struct stek_context *ret_contexts,
                           size_t max);

/*
 * For the ring's writer: makes the directory RING.stats for `group` ((gid_t)-1: leave it), or takes
 * over the one that is there. Errors: STEK_ERR_SYSTEM (errno).
 */
STEK_MUST_USE enum stek_result stek_stats_make_dir(int run_dir, const char *ring, gid_t group);

enum { STEK_STATS_REMOVE_STEPS = 2000 }; /* some 20 ms */

enum stek_stats_removal {
    STEK_STATS_REMOVED, /* nothing is left */
    STEK_STATS_LEFT,    /* there is more than so many steps could remove: again */
    STEK_STATS_STUCK    /* nothing could be removed: errno may say why */
};

/*
 * For the ring's writer: removes directory and total of a ring that went from the configuration. In
 * so many steps, whatever members of the ring's group have put there; from the first step on they
 * put nothing more there.
 */
enum stek_stats_removal stek_stats_remove(int run_dir, const char *ring, unsigned steps);

#endif
