/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a history comes to: whether the keys of each ring rotated as its policy says, what was
 * missing, and who ordered what. Entries are taken one after the other, in the order of the file.
 * Pure: the end of the period is an argument.
 */
#ifndef STEK_HISTORY_REPORT_H
#define STEK_HISTORY_REPORT_H

#include "history/entry.h"

#include <jansson.h>

enum {
    STEK_REPORT_RINGS_MAX = 1280, /* more than a configuration may have */
    STEK_REPORT_PLACES = 4096,    /* of the table that finds them: a power of two */
    STEK_REPORT_GAPS_MAX = 512,   /* the latest of them */
    STEK_REPORT_EVENTS_MAX = 512
};

enum stek_gap_kind {
    STEK_GAP_STOPPED,  /* stekd was stopped, and did not run */
    STEK_GAP_ENDED,    /* stekd ended, or its host did: at the latest then, and perhaps later */
    STEK_GAP_LOST,     /* the history could not be written */
    STEK_GAP_NO_FRESH, /* no fresh key in time: the ring went on by continuation */
    STEK_GAP_LATE,     /* a key sealed for longer than the policy says */
    STEK_GAP_NOT_KEPT  /* stekd could not keep the ring */
};

struct stek_report_gap {
    enum stek_gap_kind kind;
    char ring[STEK_RING_NAME_MAX + 1]; /* empty: of stekd */
    int64_t from;
    int64_t until; /* -1: it goes on */
};

/* One ring. Times are -1 where there is none. */
struct stek_report_ring {
    char name[STEK_RING_NAME_MAX + 1];
    char source[STEK_HISTORY_WORD_MAX + 1];
    bool gone;        /* it went from the configuration */
    int64_t rotate_s; /* the policy that was last in force; -1: not known */
    int64_t accept_s;
    uint64_t keys;      /* that began to seal in the period */
    uint64_t continued; /* of them, continuations, where a fresh key was to be had */
    uint64_t unseen;    /* keys that came and went while nobody looked, by their numbers */
    uint64_t late;      /* keys that sealed for longer than the policy says */
    int64_t longest_s;  /* the longest time that a key sealed */
    uint64_t troubles;  /* gaps of this ring in the period */
    /* while entries are taken: the key that seals, and what is open */
    int64_t seq;
    int64_t key_from;
    int64_t key_rotate_s; /* the longest `rotate` while it sealed */
    bool away;            /* stekd did not keep the ring all the time since */
    int64_t continued_from;
    int64_t unkept_from;
};

/* Some 400 KiB: not for the stack. */
struct stek_report {
    int64_t since;
    int64_t until;
    int64_t begins;   /* the first entry; -1: there is none */
    uint64_t damaged; /* lines that are no entries */
    uint64_t lost;    /* entries that could not be written */
    uint64_t rings_left_out;
    uint64_t gap_count; /* all of them; those that are held: the last STEK_REPORT_GAPS_MAX */
    uint64_t event_count;
    size_t ring_count;
    int64_t last;                       /* time of the last entry */
    int64_t down_from;                  /* of the last one before stekd was last started */
    bool stopped;                       /* the last one was that stekd stopped */
    uint16_t place[STEK_REPORT_PLACES]; /* 1 + index of a ring; 0: free */
    struct stek_report_ring ring[STEK_REPORT_RINGS_MAX];
    struct stek_report_gap gap[STEK_REPORT_GAPS_MAX];
    struct stek_history_entry event[STEK_REPORT_EVENTS_MAX]; /* orders, refusals, reloads */
};

/* A report of [since, until], in Unix seconds. */
void stek_report_init(int64_t since, int64_t until, struct stek_report *ret_report);

void stek_report_take(struct stek_report *report, const struct stek_history_entry *entry);

/* After the last entry: what is still open counts until the end. Gaps are in the order in which
 * they began from here on. */
void stek_report_end(struct stek_report *report);

/* The ring of that name, or NULL. */
const struct stek_report_ring *stek_report_find(const struct stek_report *report, const char *name);

/* Whether its keys rotated as its policy says, each fresh, and stekd kept it all the time. */
bool stek_report_as_policy(const struct stek_report_ring *ring);

/* The JSON object of docs/formats.md, "Report"; `only` is a ring's name, or NULL. NULL: no memory.
 * The caller owns it. */
json_t *stek_report_json(const struct stek_report *report, const char *only);

#endif
