/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd's messages (etcd.proto) as bytes: what we ask, and what comes back. Pure but for the heap.
 *
 * The attacker answers in etcd's place: protobuf-c checks the encoding, and nothing is believed
 * about sizes, order or presence of fields.
 */
#ifndef STEK_FLEET_ETCD_MESSAGE_H
#define STEK_FLEET_ETCD_MESSAGE_H

#include "stek.h"

#include "crypto/aead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_ETCD_REQUEST_MAX = 65536 };

/* A request that is ready to go. */
struct stek_etcd_request {
    size_t len;
    uint8_t at[STEK_ETCD_REQUEST_MAX];
};

static inline struct stek_bytes stek_etcd_request_bytes(const struct stek_etcd_request *request)
{
    return (struct stek_bytes){request->at, request->len};
}

/* [from, until) of keys. Borrowed. */
struct stek_etcd_span {
    struct stek_bytes from;
    struct stek_bytes until; /* empty: the one key `from` */
};

/* A key that is put, or only compared. Borrowed. */
struct stek_etcd_put {
    struct stek_bytes key;
    struct stek_bytes value; /* without bytes: nothing is put */
    int64_t lease;           /* 0: none; -1: the one that the key has */
    int64_t expected; /* compare: the key's revision; 0: it must be absent; -1: no comparison */
};

enum { STEK_ETCD_PUTS_MAX = 80 };

/* One transaction: all puts and the deletion if all comparisons hold, else nothing. Borrowed. */
struct stek_etcd_write {
    size_t count; /* at most STEK_ETCD_PUTS_MAX */
    const struct stek_etcd_put *puts;
    struct stek_etcd_span deleted; /* without `from`: nothing is deleted */
    struct stek_etcd_span basis;   /* compare: no key in it has changed after `based_on`. Without
                                        `from`: no comparison */
    int64_t based_on;
};

/* Each writes a request. Errors: STEK_ERR_ARGUMENT (too long). */
STEK_MUST_USE enum stek_result stek_etcd_ask_range(const struct stek_etcd_span *span, int64_t limit,
                                                   int64_t revision,
                                                   struct stek_etcd_request *ret_request);
/* The same without values. */
STEK_MUST_USE enum stek_result stek_etcd_ask_names(const struct stek_etcd_span *span, int64_t limit,
                                                   int64_t revision,
                                                   struct stek_etcd_request *ret_request);
/* The same for one key, as the endpoint knows it by itself, without asking the leader. */
STEK_MUST_USE enum stek_result stek_etcd_ask_local(struct stek_bytes key,
                                                   struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_write(const struct stek_etcd_write *write,
                                                   struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_delete(struct stek_bytes key,
                                                    struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_lease(int64_t id, int64_t ttl_s,
                                                   struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_keepalive(int64_t id,
                                                       struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_watch(const struct stek_etcd_span *span,
                                                   int64_t watch_id, int64_t revision,
                                                   struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_cancel(int64_t watch_id,
                                                    struct stek_etcd_request *ret_request);
STEK_MUST_USE enum stek_result stek_etcd_ask_progress(struct stek_etcd_request *ret_request);

/* A key and its value as they stand, or that it is gone. Borrowed for the length of a callback. */
struct stek_etcd_item {
    struct stek_bytes key;
    struct stek_bytes value;
    int64_t revision; /* of its last change */
    bool gone;
};

/* The head of an answer, and what it says beside its items. */
struct stek_etcd_answer {
    uint64_t cluster_id;
    int64_t revision;
    bool more;      /* of a range: there are further keys */
    int64_t count;  /* of a range: how many keys are in it, with the further ones */
    bool succeeded; /* of a write: it was done */
    int64_t ttl_s;  /* of a lease */
    int64_t watch_id;
    bool created;
    bool canceled;
    int64_t compacted; /* of a watch: what it asked for is gone up to this revision; 0: it is not */
    char text[160];    /* of a watch that was cancelled, of a lease that was not granted: why;
                          printable */
};

/* Called with each item of an answer, whose head is complete by then. */
typedef void (*stek_etcd_item_fn)(void *arg, const struct stek_etcd_answer *head,
                                  const struct stek_etcd_item *item);

/*
 * Read an answer and report its items in order (`on_item` may be NULL). Error: STEK_ERR_FORMAT,
 * also for a message that would take up more than 32 MiB.
 */
STEK_MUST_USE enum stek_result stek_etcd_read_range(struct stek_bytes message,
                                                    stek_etcd_item_fn on_item, void *arg,
                                                    struct stek_etcd_answer *ret_answer);
STEK_MUST_USE enum stek_result stek_etcd_read_write(struct stek_bytes message,
                                                    struct stek_etcd_answer *ret_answer);
STEK_MUST_USE enum stek_result stek_etcd_read_delete(struct stek_bytes message,
                                                     struct stek_etcd_answer *ret_answer);
STEK_MUST_USE enum stek_result stek_etcd_read_lease(struct stek_bytes message,
                                                    struct stek_etcd_answer *ret_answer);
STEK_MUST_USE enum stek_result stek_etcd_read_keepalive(struct stek_bytes message,
                                                        struct stek_etcd_answer *ret_answer);
STEK_MUST_USE enum stek_result stek_etcd_read_watch(struct stek_bytes message,
                                                    stek_etcd_item_fn on_item, void *arg,
                                                    struct stek_etcd_answer *ret_answer);

#endif
