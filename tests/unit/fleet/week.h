/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet of a few hosts on a store that forgets nothing: real rules, real sealing, virtual time.
 * Whoever records the store has all that was ever put there.
 */
#ifndef TESTS_UNIT_WEEK_H
#define TESTS_UNIT_WEEK_H

#include "prng.h"

#include "fleet/rules/sync.h"
#include "fleet/store/envelope.h"
#include "fleet/store/seen.h"

enum {
    WEEK_HOSTS = 3,
    WEEK_RECORDS_MAX = 64,
    WEEK_HISTORY_MAX = 4096,
    WEEK_ROTATE_S = 3600,
    WEEK_ACCEPT_S = 43200,
    WEEK_FILES_MAX = 16
};

/* A value of a record, as it was put. */
struct week_value {
    uint64_t seq; /* 0: none */
    int64_t revision;
    struct stek_record record; /* what is in it, for the judge */
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];
};

struct week_store {
    int64_t revision;
    int64_t clock_off_s;
    int64_t floor_revision;
    uint8_t floor[STEK_ENVELOPE_FLOOR_LEN];
    struct week_value at[WEEK_RECORDS_MAX];
    size_t history_count;
    struct week_value history[WEEK_HISTORY_MAX];
};

/* All that a thief finds on a host. */
struct week_host {
    bool off;
    bool cut_off; /* from the store */
    int64_t clock_off_s;
    int64_t read_revision;
    struct stek_keks keks;
    struct stek_sync sync;
    struct stek_seen seen;
    char disk[64];                /* a folder for its files; empty: none */
    int replaced[WEEK_FILES_MAX]; /* its key file, as it was before each time that it was replaced
                                   */
    size_t replaced_count;
    bool keeps_epochs; /* a fault: it destroys none */
};

struct week {
    struct prng prng;
    int64_t now;
    struct stek_secret32 root;
    struct week_store store;
    struct week_host host[WEEK_HOSTS];
};

/* A fleet that has just been given its key, at the beginning of a day. */
void week_begin(struct week *week, uint64_t seed);

/* The host starts with its keys, these records (NULL: none) and what it has noted. */
void week_start_host(struct week *week, struct week_host *host, const struct stek_records *records);

/* Gives a host a folder, which exists, for its key file and what it notes. Takes it away, with the
 * files. */
void week_give_disk(struct week_host *host, const char *folder);
void week_take_disk(struct week_host *host);

/* Lets so much time pass, in steps; `each` (may be NULL) is called after every step. */
void week_pass(struct week *week, int64_t seconds, int64_t step_s, void (*each)(struct week *week));

/* Whether all hosts that are on hold the same record at this time, and it is in the store. */
bool week_is_in_step(const struct week *week);

/* How many recorded values this host opens; `before`: only those that had retired by then. */
size_t week_opened(const struct week *week, const struct week_host *host, int64_t before);

#endif
