/* SPDX-License-Identifier: Apache-2.0 */
/* Records: the generations of secret in a ring, and what they are at a given time. Pure. */
#ifndef STEK_CORE_RECORD_H
#define STEK_CORE_RECORD_H

#include "stek.h"

#include "crypto/derive.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_RECORDS_MAX = 64 };

/* Larger times and numbers are refused, so that no sum of a few of them can overflow. */
#define STEK_TIME_MAX ((int64_t)1 << 40)
#define STEK_SEQ_MAX ((uint64_t)1 << 62)

enum stek_origin {
    STEK_ORIGIN_PUBLISHED = 1, /* fresh random bytes, the same for every holder */
    STEK_ORIGIN_CONTINUED =
        2, /* derived from the record before, because this seq was not published in time */
    STEK_ORIGIN_SUPERSEDED =
        3 /* this host sealed under it, but another record has this seq: it only opens */
};

/* One generation of secret. Times in Unix seconds; each interval includes its start and excludes
 * its end. */
struct stek_record {
    uint64_t seq;
    int64_t active_from;
    int64_t active_until; /* the next record's active_from */
    int64_t accept_until;
    uint64_t origin; /* enum stek_origin, in 8 bytes for copies by words */
    struct stek_secret32 secret;
    /*
     * Both follow from the secret (crypto/derive.h); zeros: not derived yet. The writer of an image
     * derives them, so that readers need not.
     */
    struct stek_mask mask;
    struct stek_fingerprint fingerprint;
};

/* A ring's records, by rising seq. Of one seq, superseded ones come first and the record last. */
struct stek_records {
    uint64_t count;
    struct stek_record at[STEK_RECORDS_MAX];
};

enum stek_state {
    STEK_STATE_PENDING,  /* opens, does not seal yet */
    STEK_STATE_ACTIVE,   /* seals and opens */
    STEK_STATE_DRAINING, /* opens, and has the ticket replaced */
    STEK_STATE_RETIRED   /* neither: to be destroyed */
};

static inline void stek_record_wipe(struct stek_record *record)
{
    stek_wipe(record, sizeof *record);
}

static inline void stek_records_wipe(struct stek_records *records)
{
    stek_wipe(records, sizeof *records);
}

/* The state of record `index` at `now`: of two records whose intervals overlap, the one with the
 * higher seq seals. */
enum stek_state stek_record_state(const struct stek_records *records, size_t index, int64_t now);

/* The index of the record that seals at `now`, or -1. */
int stek_records_active(const struct stek_records *records, int64_t now);

/*
 * Checks records that came from outside: at most 64, seq rising, active_from before active_until,
 * not after accept_until, starts rising, no weak and no repeated secret. Returns NULL, or a static
 * text that names the fault.
 */
const char *stek_records_problem(const struct stek_records *records);

/* Whether any record holds this secret already. */
bool stek_records_hold_secret(const struct stek_records *records,
                              const struct stek_secret32 *secret);

/* NULL, or a static text that says what is wrong with this record alone. */
const char *stek_record_problem(const struct stek_record *record);

/* Whether it can be a ring's record of its seq: it is not superseded. */
static inline bool stek_record_counts(const struct stek_record *record)
{
    return record->origin != STEK_ORIGIN_SUPERSEDED;
}

/* The record with the highest seq that counts, or NULL. */
const struct stek_record *stek_records_last(const struct stek_records *records);

/* The record of this seq that counts, or NULL. */
struct stek_record *stek_records_find(struct stek_records *records, uint64_t seq);

/* Adds a record at the end. The caller has made sure that there is room and that seq rises. */
void stek_records_append(struct stek_records *records, const struct stek_record *record);

/*
 * Adds a record in its place. A superseded record with the same secret is replaced: that secret is
 * valid again. If the ring is full, the oldest superseded record is removed, or the oldest of all
 * if none is superseded. The caller has made sure that no other record of this seq counts.
 */
void stek_records_insert(struct stek_records *records, const struct stek_record *record);

/* Drops records [from, until) and wipes the places that become free. */
void stek_records_remove(struct stek_records *records, uint64_t from, uint64_t until);

/*
 * The stretch of time around `now` in which no record changes its state: what was decided in it
 * holds in all of it. [valid_from, valid_until), and the active record's index or -1.
 */
struct stek_view {
    int64_t valid_from;
    int64_t valid_until;
    int active;
};

void stek_records_view(const struct stek_records *records, int64_t now, struct stek_view *ret_view);

/* Destroys the records that are retired at `now`. */
void stek_records_retire(struct stek_records *records, int64_t now);

/* How many records that count begin later than `now`. */
uint32_t stek_records_pending(const struct stek_records *records, int64_t now);

#endif
