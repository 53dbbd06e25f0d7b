/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to one endpoint of etcd: gRPC calls and streams over HTTP/2, by libcurl's multi
 * interface inside a libevent loop. It tries nothing again and knows no other endpoint: etcd.h
 * does.
 *
 * Everything here belongs to the loop's thread. Callbacks come from the loop, never from within a
 * call of ours; a callback must not close the link or the stream that it came from (do that from an
 * event of your own).
 */
#ifndef STEK_FLEET_ETCD_LINK_H
#define STEK_FLEET_ETCD_LINK_H

#include "etcd/fault.h"

struct event_base;
struct stek_etcd_link;
struct stek_etcd_transfer;

/* Where to connect, and with which certificate. Borrowed until the link is closed. */
struct stek_etcd_place {
    const char *endpoint; /* https://HOST:PORT, or http:// for an etcd without TLS */
    const char *ca;       /* PEM file, or NULL */
    const char *cert;     /* PEM file of our certificate, or NULL */
    const char *key;      /* PEM file of its key, or NULL */
    long timeout_ms;      /* for connecting, and for the answer to a call */
};

/* Opens nothing yet: the first call connects. Errors: STEK_ERR_MEMORY, STEK_ERR_SYSTEM. */
STEK_MUST_USE enum stek_result stek_etcd_link_open(struct event_base *base,
                                                   const struct stek_etcd_place *place,
                                                   struct stek_etcd_link **ret_link);

/* Ends every call and stream without a callback, and the connection. NULL is fine. */
void stek_etcd_link_close(struct stek_etcd_link *link);

/* The end of a call (with its answer, borrowed) or of a stream. The transfer is then freed. */
typedef void (*stek_etcd_end_fn)(void *arg, const struct stek_etcd_problem *problem,
                                 struct stek_bytes answer);

/* What to call when something comes. */
struct stek_etcd_ear {
    stek_grpc_message_fn on_message; /* of streams; false ends the stream as STEK_ETCD_PROTOCOL */
    stek_etcd_end_fn on_end;
    void *arg;
};

/*
 * Sends one message to a method ("KV/Range") and waits for its one answer. The message is copied.
 * Errors: STEK_ERR_MEMORY, STEK_ERR_SYSTEM; on_end is not called then.
 */
STEK_MUST_USE enum stek_result stek_etcd_call(struct stek_etcd_link *link, const char *method,
                                              struct stek_bytes message,
                                              const struct stek_etcd_ear *ear);

/* The same with a method that is a stream by its description ("Lease/LeaseKeepAlive"): the request
 * ends after the answer. */
STEK_MUST_USE enum stek_result stek_etcd_exchange(struct stek_etcd_link *link, const char *method,
                                                  struct stek_bytes message,
                                                  const struct stek_etcd_ear *ear);

/* Opens a stream that both sides write to until one of them ends it. */
STEK_MUST_USE enum stek_result stek_etcd_stream_open(struct stek_etcd_link *link,
                                                     const char *method,
                                                     const struct stek_etcd_ear *ear,
                                                     struct stek_etcd_transfer **ret_stream);

/* Queues a message on an open stream. Errors: STEK_ERR_MEMORY. */
STEK_MUST_USE enum stek_result stek_etcd_stream_send(struct stek_etcd_transfer *stream,
                                                     struct stek_bytes message);

/*
 * Asks the endpoint for a plain page, GET PATH, and reports when its clock said it was (the Date
 * header, RFC 9110 section 6.6.1; -1 without one) in place of an answer. A proxy has pages by
 * HTTP/1.1 only.
 */
typedef void (*stek_etcd_date_fn)(void *arg, int64_t date);
STEK_MUST_USE enum stek_result stek_etcd_ask_date(struct stek_etcd_link *link, const char *path,
                                                  bool http_1_1, stek_etcd_date_fn on_date,
                                                  void *arg);

#endif
