/* SPDX-License-Identifier: Apache-2.0 */
/* What the pieces of a connection to a cluster share; inside this folder. */
#ifndef STEK_ETCD_STATE_H
#define STEK_ETCD_STATE_H

#include "etcd/etcd.h"
#include "etcd/link.h"

struct event;

/* What is at the other end of a watch: known when the first one stands. */
enum stek_etcd_server { STEK_SERVER_UNKNOWN, STEK_SERVER_MEMBER, STEK_SERVER_PROXY };

enum stek_etcd_span_state { STEK_SPAN_IDLE, STEK_SPAN_READING, STEK_SPAN_WATCHED };

struct stek_etcd_watched;

/* All of the span was handed out, or etcd refuses it. */
typedef void (*stek_etcd_read_fn)(struct stek_etcd_watched *watched,
                                  const struct stek_etcd_problem *problem);

/* A span of keys: read part by part and page by page at one revision, then watched from the next
 * one on. */
struct stek_etcd_watched {
    struct stek_etcd *etcd;
    struct stek_etcd_span span; /* its bytes are in `owned` */
    uint8_t *owned;
    enum stek_etcd_span_state state;
    stek_etcd_read_fn on_read;
    bool refused;        /* etcd's last word on it was no */
    uint64_t generation; /* of the reading: what belongs to an older one is ignored */
    int64_t revision;    /* of what was read; 0: the first page is not there yet */
    int64_t
        order; /* of its watch among those that this stream asked for: a proxy's number for it */
    struct stek_etcd_parts parts;
    size_t part;        /* that is being read */
    int64_t limit;      /* keys on a page */
    bool shrunk;        /* pages were too large, so they do not grow */
    uint64_t named;     /* keys of this part that were handed out */
    uint64_t paged;     /* the same, before the page that is being read */
    int64_t begun_ms;   /* when the reading began */
    bool slow;          /* which was told */
    unsigned again;     /* how often in a row it was undone soon */
    uint8_t next[1024]; /* where the next page begins */
    size_t next_len;
};

/* A call on its way. */
struct stek_etcd_op {
    struct stek_etcd_op *next;
    struct stek_etcd *etcd;
    enum stek_result (*read)(struct stek_bytes message, stek_etcd_item_fn on_item, void *arg,
                             struct stek_etcd_answer *ret_answer);
    bool exchange; /* the request ends after the answer */
    struct stek_etcd_caller caller;
};

struct stek_etcd {
    struct event_base *base;
    struct stek_etcd_options options;
    struct stek_etcd_handlers handlers;
    struct stek_etcd_place place;
    struct stek_etcd_link *link; /* NULL: between two attempts */
    size_t endpoint;
    unsigned failures; /* in a row; a connection that breaks soon is one */
    bool online;
    int64_t online_ms; /* when this link came online; 0: it has not */
    bool broken;       /* `fall` is about to take the link away */
    uint64_t cluster_id;
    uint64_t other_cluster;           /* what several endpoints in a row have said instead */
    size_t strangers;                 /* how many of them */
    struct stek_etcd_problem problem; /* why */
    struct event *fall;
    struct event *retry;
    struct event *tick;
    struct event *idle;               /* spans that are idle are to be read now */
    struct stek_etcd_transfer *watch; /* the stream of all watches */
    enum stek_etcd_server server;     /* at its other end */
    int64_t watches;                  /* how many it was asked for */
    unsigned signs;                   /* how often a proxy was asked for a sign of life */
    int64_t heard_ms;                 /* when the other end last gave a sign of life; monotonic */
    int64_t told_ms;                  /* the same, on the watch */
    int64_t asked_ms;                 /* when it was last asked for one there */
    size_t told_len;                  /* bytes of its messages since the last tick */
    int64_t dated_ms;                 /* when the date was last asked for */
    struct stek_etcd_op *ops;
    size_t spans_count;
    struct stek_etcd_watched *spans;
};

/* Monotonic milliseconds. */
int64_t stek_etcd_now_ms(void);

/* Gives the link up, once the loop has come back. */
void stek_etcd_break(struct stek_etcd *etcd, const struct stek_etcd_problem *problem);
void stek_etcd_break_with(struct stek_etcd *etcd, enum stek_etcd_fault fault, const char *text);

/* Whether libcurl can be given the files of certificates; if not, *ret_problem says which one is
 * what, in one line. */
bool stek_etcd_files_are_sound(const struct stek_etcd_options *options, const char *endpoint,
                               struct stek_etcd_problem *ret_problem);

/* If our certificate is not valid now, *problem says so; otherwise it is untouched. */
void stek_etcd_blame_cert(const char *path, const char *endpoint,
                          struct stek_etcd_problem *problem);

/* Looks at the head of every answer: whether this is the cluster that it was. */
void stek_etcd_check_cluster(struct stek_etcd *etcd, const struct stek_etcd_answer *answer);

/* Makes a call. Online or not: reading the spans is what makes a connection online. */
STEK_MUST_USE enum stek_result stek_etcd_op_begin(struct stek_etcd *etcd, const char *method,
                                                  const struct stek_etcd_request *request,
                                                  const struct stek_etcd_op *op);

/* Ends all calls as broken off. */
void stek_etcd_ops_fail(struct stek_etcd *etcd, const struct stek_etcd_problem *problem);

/* reading: reads a span. Then it calls `on_read`, unless the link goes down. */
void stek_etcd_read_span(struct stek_etcd_watched *watched, stek_etcd_read_fn on_read);

/* Tells a reading that goes on for long. */
void stek_etcd_tell_if_slow(struct stek_etcd_watched *watched);

/* Begins to read every span that is idle. */
void stek_etcd_spans_begin(struct stek_etcd *etcd);
void stek_etcd_spans_reset(struct stek_etcd *etcd);
bool stek_etcd_spans_known(const struct stek_etcd *etcd);

/* Asks for a sign of life, or gives up one that has not come. */
void stek_etcd_watch_tick(struct stek_etcd *etcd);

/* The same by a reading: of a member that does not answer on its watch, and of a proxy. */
void stek_etcd_ask_member(struct stek_etcd *etcd);
void stek_etcd_ask_proxy(struct stek_etcd *etcd);

/* Asks the endpoint for its date once a minute; handlers.on_clock() gets the difference. */
void stek_etcd_ask_date_if_due(struct stek_etcd *etcd);

/* All spans have been dealt with: says so, once for each link. */
void stek_etcd_came_online(struct stek_etcd *etcd);

#endif
