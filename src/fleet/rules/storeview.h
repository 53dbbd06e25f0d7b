/* SPDX-License-Identifier: Apache-2.0 */
/* What one host knows of one ring in the store: which keys are there, at which revision, and what
 * they are worth. Pure. */
#ifndef STEK_FLEET_STOREVIEW_H
#define STEK_FLEET_STOREVIEW_H

#include "core/record.h"

#include <stdbool.h>
#include <stdint.h>

/* What a value turned out to be when it was opened. */
enum stek_value {
    STEK_VALUE_GOOD,
    STEK_VALUE_WRONG_KEY, /* our key-encryption keys do not open it */
    STEK_VALUE_MALFORMED, /* not of our format: a foreign value */
    STEK_VALUE_MISPLACED  /* opens, but was sealed for another ring, seq or time than it stands for
                           */
};

/* Why a value that opened is refused all the same, or not taken for now. */
enum stek_refusal {
    STEK_REFUSAL_NONE,
    STEK_REFUSAL_WRONG_KEY, /* the first ones: as enum stek_value */
    STEK_REFUSAL_MALFORMED,
    STEK_REFUSAL_MISPLACED,
    STEK_REFUSAL_UNSOUND,     /* its times or its secret are invalid */
    STEK_REFUSAL_BACKWARDS,   /* it would begin before an earlier record, or after a later one */
    STEK_REFUSAL_BELOW_FLOOR, /* revoked */
    STEK_REFUSAL_CHANGED,    /* another secret under a seq that was published before, without having
                                been deleted */
    STEK_REFUSAL_FLOOR_FELL, /* a floor below one that was seen before */
    STEK_REFUSALS
};

/* A static text for a refusal, to follow "refused: ". */
const char *stek_refusal_text(enum stek_refusal refusal);

enum { STEK_STOREVIEW_MAX = 192 };

enum stek_presence {
    STEK_PRESENCE_ABSENT, /* not there, as of `revision` */
    STEK_PRESENCE_HELD,   /* there, and the ring's record of this seq is this one */
    STEK_PRESENCE_IDLE, /* there and good, but not taken: retired, or too far ahead for the ring to
                           hold */
    STEK_PRESENCE_REFUSED /* there, and refused */
};

struct stek_storeview_entry {
    uint64_t seq;
    int64_t revision; /* of the last change that was seen */
    int64_t active_from;
    int64_t active_until;
    int64_t accept_until;
    int64_t waits_from; /* refused for its times: those. 0: for another reason, or not at all */
    int64_t waits_until;
    enum stek_presence presence;
    bool outdated; /* refused for its times; the ring has the same record with others, or another
                      one that was published and fits */
    bool seen;     /* in the full read that is under way, or since */
};

struct stek_storeview {
    int64_t revision;       /* all changes of the ring up to this one are known */
    int64_t read_revision;  /* the same, once the read that is under way is complete */
    int64_t floor_revision; /* 0: there is no floor */
    uint64_t floor;
    bool floor_good;      /* it opened */
    uint64_t floor_epoch; /* that it is sealed under; and the latest of all that opened */
    uint64_t epoch_highest;
    uint64_t floor_highest; /* of all that opened: a floor counts from the first sight on */
    bool floor_seen;
    uint32_t count;
    struct stek_storeview_entry at[STEK_STOREVIEW_MAX]; /* by rising seq */
};

/* The entry of this seq, or NULL. Borrowed until the next call that adds one. */
struct stek_storeview_entry *stek_storeview_find(struct stek_storeview *view, uint64_t seq);

/*
 * The same, made when there is none. NULL when there is no room: the lowest seqs are removed once
 * they have retired.
 */
struct stek_storeview_entry *stek_storeview_add(struct stek_storeview *view, uint64_t seq,
                                                int64_t now);

/* Whether anything is there under this seq. */
bool stek_storeview_has(const struct stek_storeview *view, uint64_t seq);

/* The highest seq with a good record, or with anything at all; 0: none. */
uint64_t stek_storeview_last(const struct stek_storeview *view);
uint64_t stek_storeview_highest(const struct stek_storeview *view);

/* Notes a change at `revision`. Changes arrive in order, so all earlier ones are known. */
void stek_storeview_note(struct stek_storeview *view, int64_t revision);

/* A full read at `revision` begins; and ends: what it did not mention, and what has not changed
 * since, is not there. */
void stek_storeview_begin(struct stek_storeview *view, int64_t revision);
void stek_storeview_end(struct stek_storeview *view);

#endif
