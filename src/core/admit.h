/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a ticket that opened may resume, and for how long a new one may be promised. Pure. */
#ifndef STEK_CORE_ADMIT_H
#define STEK_CORE_ADMIT_H

#include "core/appdata.h"
#include "core/policy.h"

#include <stdbool.h>

/* A host's clock may be this far ahead of another's; a full handshake further in the future is not
 * believed. */
enum { STEK_CLOCK_SKEW_MAX_S = 3600 };

enum stek_verdict {
    STEK_VERDICT_RESUME,
    STEK_VERDICT_SESSION_AGE,  /* the chain of resumptions is over its cap, or its start is in the
                                * future
                                */
    STEK_VERDICT_SERVER_NAME,  /* the ClientHello names another server than the session */
    STEK_VERDICT_CERT_EXPIRED, /* a certificate that the client was verified with has expired */
    STEK_VERDICT_CERT_MISSING  /* a client certificate is demanded here and the session has none */
};

/* What is known when a ticket has opened. */
struct stek_ticket_facts {
    struct stek_appdata sealed; /* what the ticket says */
    uint8_t
        hello_name[STEK_NAME_HASH_LEN]; /* what the ClientHello says; zeros: it names no server */
    bool has_cert;                      /* the session holds a client certificate or raw key */
    bool cert_required;                 /* this server demands one */
};

/* The first reason against resuming, or STEK_VERDICT_RESUME. */
enum stek_verdict stek_admit(const struct stek_ticket_facts *facts, int64_t max_session_age_s,
                             int64_t now);

/*
 * How long a session that is sealed now may be promised to last: no longer than the program says,
 * than its key opens, and than its chain has left; at least 0. RFC 9846 section 4.6.1 caps the
 * result at 7 days.
 */
int64_t stek_promise_s(int64_t program_s, int64_t accept_until, int64_t origin,
                       int64_t max_session_age_s, int64_t now);

#endif
