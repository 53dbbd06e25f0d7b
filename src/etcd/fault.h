/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong between a host and etcd: one kind, one line. Pure but for snprintf(). */
#ifndef STEK_FLEET_ETCD_FAULT_H
#define STEK_FLEET_ETCD_FAULT_H

#include "etcd/grpc.h"

#include <stdbool.h>

enum stek_etcd_fault {
    STEK_ETCD_OK = 0,
    STEK_ETCD_UNREACHABLE, /* no connection, or it broke */
    STEK_ETCD_SILENT,      /* connected, and no answer in time */
    STEK_ETCD_NO_QUORUM,   /* an answer, and no leader behind it */
    STEK_ETCD_SERVER_CERT, /* the endpoint's certificate does not lead to our CA, or is for another
                              name */
    STEK_ETCD_CLIENT_CERT, /* our certificate is unusable or was refused */
    STEK_ETCD_DENIED,      /* the user of our certificate may not do this */
    STEK_ETCD_NO_SPACE,    /* etcd takes no more writes: its space quota is used up */
    STEK_ETCD_COMPACTED,   /* events from that revision on are gone */
    STEK_ETCD_EXISTS,      /* a lease of that number is there already */
    STEK_ETCD_TOO_LARGE,   /* an answer over STEK_GRPC_MESSAGE_MAX: ask for less */
    STEK_ETCD_PROTOCOL,    /* an answer that is not from etcd */
    STEK_ETCD_CLUSTER,     /* the endpoint belongs to another etcd cluster than before */
    STEK_ETCD_REFUSED,     /* any other refusal by etcd */
    STEK_ETCD_LOCAL        /* no memory, or libcurl could not start */
};

enum { STEK_ETCD_TEXT_MAX = 320 };

struct stek_etcd_problem {
    enum stek_etcd_fault fault;
    char text[STEK_ETCD_TEXT_MAX]; /* one line, printable; empty when all is well */
};

/* A word for a kind, as metrics and JSON name it. */
const char *stek_etcd_fault_word(enum stek_etcd_fault fault);

/* What a finished transfer says: libcurl's code and words, the HTTP status, gRPC's trailers. */
struct stek_etcd_outcome {
    const char *endpoint;
    int curl_code;         /* CURLcode */
    const char *curl_text; /* may be empty */
    long os_error;         /* errno of a connection that was not made; 0: not known */
    long http_status;
    struct stek_grpc_trailers trailers;
};

/* Judges a finished transfer. */
void stek_etcd_judge(const struct stek_etcd_outcome *outcome,
                     struct stek_etcd_problem *ret_problem);

/* Writes a problem of our own: "ENDPOINT: TEXT". */
void stek_etcd_problem_set(struct stek_etcd_problem *problem, enum stek_etcd_fault fault,
                           const char *endpoint, const char *text);

/*
 * Whether a write that ended so may have been carried out all the same: the host must read before
 * it writes again.
 */
bool stek_etcd_is_ambiguous(enum stek_etcd_fault fault);

/* Whether another endpoint may do better. */
bool stek_etcd_is_endpoints_fault(enum stek_etcd_fault fault);

#endif
