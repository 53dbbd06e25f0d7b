/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to an etcd cluster that keeps itself: it reads spans of keys whole, then watches
 * them; it moves to another endpoint when one fails, falls silent or loses its leader, with jitter
 * and back-off, and reads everything again.
 *
 * Everything belongs to the loop's thread. Handlers are called from the loop, and from
 * stek_etcd_free() (calls that are still open end as STEK_ETCD_UNREACHABLE); a handler may make
 * calls, but not free the connection.
 */
#ifndef STEK_FLEET_ETCD_H
#define STEK_FLEET_ETCD_H

#include "etcd/fault.h"
#include "etcd/message.h"

struct event_base;
struct stek_etcd;

enum { STEK_ETCD_PARTS_MAX = 5 };

/* A part of a span, and how it is read. */
struct stek_etcd_part {
    struct stek_etcd_span span; /* borrowed for the connection's life */
    bool names_only; /* no values, and only some names: the other keys are counted (on_beside) */
};

/* The parts of a span, in the order in which they are read: what matters comes first. */
struct stek_etcd_parts {
    size_t count;
    struct stek_etcd_part at[STEK_ETCD_PARTS_MAX];
};

struct stek_etcd_options {
    const char *const
        *endpoints; /* https://HOST:PORT; borrowed for the connection's life, like all texts here */
    size_t endpoints_count;
    const char *ca; /* PEM files; NULL: none */
    const char *cert;
    const char *key;
    const struct stek_etcd_span *spans;  /* what to read and watch; copied */
    const struct stek_etcd_parts *parts; /* one for each span, copied; NULL: each is read whole */
    size_t spans_count;
    int64_t pace_ms; /* a sign of life is asked for so often; two missed, and the endpoint counts as
                        dead */
    int64_t back_off_max_ms; /* the longest rest between two attempts */
};

struct stek_etcd_handlers {
    /* All spans have been read (or are refused) and are watched. */
    void (*on_online)(void *arg);
    /* There is no connection, and why. Called after each failed attempt. */
    void (*on_offline)(void *arg, const struct stek_etcd_problem *problem);
    /* A span is read from the start, as of `revision`: forget what was known of it before. */
    void (*on_read_begin)(void *arg, size_t span, int64_t revision);
    /* A key as it stands (between begin and end), or as it has changed since. */
    void (*on_item)(void *arg, size_t span, const struct stek_etcd_item *item);
    /* So many keys of a part were not handed out. May be NULL if there are no parts. */
    void (*on_beside)(void *arg, size_t span, uint64_t count);
    /* The span takes long to read, and the reading goes on. Once for each reading. */
    void (*on_slow)(void *arg, size_t span, const struct stek_etcd_problem *problem);
    /* All of the span was handed out; or etcd refuses it, and says why: it is read again later. */
    void (*on_read_end)(void *arg, size_t span, const struct stek_etcd_problem *problem);
    /* Every endpoint belongs to another cluster than before, and has for a whole round: from now on
     * it counts. */
    void (*on_other_store)(void *arg);
    /* The endpoint's clock minus ours, in seconds, give or take one and half of `round_trip_ms`. */
    void (*on_clock)(void *arg, int64_t ahead_s, int64_t round_trip_ms);
    void *arg;
};

/* Begins to connect. Handlers are copied. Errors: STEK_ERR_MEMORY, STEK_ERR_SYSTEM,
 * STEK_ERR_ARGUMENT (no endpoint). */
STEK_MUST_USE enum stek_result stek_etcd_new(struct event_base *base,
                                             const struct stek_etcd_options *options,
                                             const struct stek_etcd_handlers *handlers,
                                             struct stek_etcd **ret_etcd);
void stek_etcd_free(struct stek_etcd *etcd);

/* Whether calls can be made now. */
bool stek_etcd_is_online(const struct stek_etcd *etcd);

/* The endpoint in use, or that is tried next. */
const char *stek_etcd_endpoint(const struct stek_etcd *etcd);

/* Reads a whole span again, as after a write with an unknown result. */
void stek_etcd_reread(struct stek_etcd *etcd, size_t span);

/*
 * The end of a call. `answer` is NULL unless problem->fault is STEK_ETCD_OK. After a write that
 * stek_etcd_is_ambiguous(), read before writing again.
 */
typedef void (*stek_etcd_done_fn)(void *arg, const struct stek_etcd_problem *problem,
                                  const struct stek_etcd_answer *answer);

/* The callback for a call's answer. on_item may be NULL. */
struct stek_etcd_caller {
    stek_etcd_item_fn on_item;
    stek_etcd_done_fn on_done;
    void *arg;
};

/* Calls. Errors: STEK_ERR_BUSY (offline), STEK_ERR_ARGUMENT (too long), STEK_ERR_MEMORY: on_done is
 * not called then. */
STEK_MUST_USE enum stek_result stek_etcd_write(struct stek_etcd *etcd,
                                               const struct stek_etcd_write *write,
                                               const struct stek_etcd_caller *caller);
STEK_MUST_USE enum stek_result stek_etcd_delete(struct stek_etcd *etcd, struct stek_bytes key,
                                                const struct stek_etcd_caller *caller);
STEK_MUST_USE enum stek_result stek_etcd_lease(struct stek_etcd *etcd, int64_t id, int64_t ttl_s,
                                               const struct stek_etcd_caller *caller);
STEK_MUST_USE enum stek_result stek_etcd_range(struct stek_etcd *etcd,
                                               const struct stek_etcd_span *span, int64_t limit,
                                               const struct stek_etcd_caller *caller);

/*
 * Renews a lease once; the answer's ttl_s is 0 or less when there is no such lease any more. Errors
 * as above.
 */
STEK_MUST_USE enum stek_result stek_etcd_keepalive(struct stek_etcd *etcd, int64_t id,
                                                   const struct stek_etcd_caller *caller);

#endif
