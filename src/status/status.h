/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is going on in a ring, without its secrets: what `stek status` shows, the control socket
 * answers and metrics count. Pure: the state and the counters are read elsewhere, `now` is an
 * argument.
 */
#ifndef STEK_STATUS_STATUS_H
#define STEK_STATUS_STATUS_H

#include "core/policy.h"
#include "core/ringname.h"
#include "ringfile/image.h"
#include "counters/stats.h"

#include <jansson.h>

enum {
    STEK_FINGERPRINT_HEX_LEN = 2 * STEK_FINGERPRINT_LEN,
    STEK_KEY_ID_MIN = 4,
    STEK_STATUS_PROBLEM_MAX = 200
};

struct stek_status_key {
    uint64_t seq;
    char fingerprint[STEK_FINGERPRINT_HEX_LEN +
                     1]; /* of the record, one-way; people use the first 8 digits */
    enum stek_state state;
    enum stek_origin origin;
    int64_t active_from;
    int64_t active_until;
    int64_t accept_until;
};

enum stek_status_health {
    STEK_STATUS_FINE,         /* the active key was published */
    STEK_STATUS_CONTINUATION, /* it is a continuation: no key was published in time. Works, but
                                 degraded */
    STEK_STATUS_NO_KEY,       /* no key seals: full handshakes only */
    STEK_STATUS_UNREADABLE,   /* the ring file is refused: see problem */
    STEK_STATUS_NOT_KEPT      /* stekd cannot keep it, and tries again: see problem */
};

struct stek_status_ring {
    char name[STEK_RING_NAME_MAX + 1];
    char problem[STEK_STATUS_PROBLEM_MAX + 1]; /* one line; "" when there is none */
    bool has_stats;                            /* else all numbers of stats are 0 and say nothing */
    bool orphan;                               /* no configuration names it */
    int64_t removed_at; /* of an orphan: when stekd wipes and removes it; 0: never */
    enum stek_status_health health;
    uint64_t source; /* enum stek_source */
    struct stek_policy policy;
    uint64_t floor;
    int64_t changed_at;
    int64_t continued_since; /* when the first key of the present chain of continuations began to
                                seal; 0: none */
    int64_t published_until; /* when the last published key stops sealing; 0: none is published */
    size_t key_count;
    struct stek_status_key key[STEK_RECORDS_MAX];
    struct stek_stats_sum stats;
};

/*
 * Describes a ring as its holders have it at `now`: if stekd was away, the ring is continued in a
 * copy first, as they do. `stats` may be NULL. Returns STEK_OK, or STEK_ERR_CRYPTO when a
 * fingerprint cannot be computed.
 */
STEK_MUST_USE enum stek_result stek_status_describe(const char *name,
                                                    const struct stek_ring_state *state,
                                                    const struct stek_stats_sum *stats, int64_t now,
                                                    struct stek_status_ring *ret_ring);

/* The status of a ring whose file is refused, and of one that stekd cannot keep. `problem` is
 * copied. */
void stek_status_unreadable(const char *name, const char *problem,
                            struct stek_status_ring *ret_ring);
void stek_status_not_kept(const char *name, const char *problem, struct stek_status_ring *ret_ring);

/* Whether nothing is known but its name and the problem. */
bool stek_status_is_unknown(const struct stek_status_ring *ring);

/* The number of keys in a state. */
size_t stek_status_count(const struct stek_status_ring *ring, enum stek_state state);

/* The key that seals, or NULL. Borrowed. */
const struct stek_status_key *stek_status_active(const struct stek_status_ring *ring);

/*
 * Finds the one key whose seq is the decimal number `id`, or whose fingerprint begins with `id`
 * (STEK_KEY_ID_MIN digits or more). Returns NULL when it is none or more than one; *ret_matches
 * says how many.
 */
const struct stek_status_key *stek_status_find(const struct stek_status_ring *ring, const char *id,
                                               size_t *ret_matches);

/* All refused tickets, and the share of presented ones that resumed in tenths of a percent (-1:
 * none was presented). */
uint64_t stek_status_refused(const struct stek_status_ring *ring);
int stek_status_resumption_permille(const struct stek_status_ring *ring);

/* The words in JSON, texts and metrics: "pending", "published", "fleet" … Static. */
const char *stek_state_name(enum stek_state state);
const char *stek_origin_name(enum stek_origin origin);
const char *stek_source_name(uint64_t source);
const char *stek_health_name(enum stek_status_health health);

/* 45s, 12m, 2h10m, 3d4h, 400d: at most 6 columns; negative durations as their opposite. Returns
 * ret_text. */
enum { STEK_DURATION_LEN = 32 };
const char *stek_duration_text(int64_t seconds, size_t size, char *ret_text);

/* The JSON object of docs/formats.md, "Status". NULL: no memory. The caller owns it. */
json_t *stek_status_json(const struct stek_status_ring *ring);

/* Parses that JSON. NULL, or a static text: what is wrong, with *ret_ring untouched. */
const char *stek_status_parse(const json_t *object, struct stek_status_ring *ret_ring);

#endif
