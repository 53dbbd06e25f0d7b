/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of an audit: an id, a severity, what was observed, why it matters and what to do. */
#ifndef STEK_AUDIT_FINDING_H
#define STEK_AUDIT_FINDING_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stek_audit_severity {
    STEK_AUDIT_INFO,
    STEK_AUDIT_LOW,
    STEK_AUDIT_MEDIUM,
    STEK_AUDIT_HIGH,
    STEK_AUDIT_CRITICAL,
    STEK_AUDIT_SEVERITIES
};

/* The ids, in the order of reports; their names are in finding.c. Where two severities are given,
 * the first is the usual one, and the judge says when it takes the other. */
enum stek_audit_id {
    /* keys and the protection of the ticket */
    STEK_AUDIT_WEAK_KEY, /* critical: a key of the dictionary opened a ticket, and the session's
                            secret was in it */
    STEK_AUDIT_TICKET_IN_CLEAR, /* critical: the session's secret stands in the ticket */
    STEK_AUDIT_KEYSTREAM_REUSE, /* critical: ticket xor ticket = secret xor secret somewhere */
    STEK_AUDIT_NO_MAC,          /* critical: a changed ticket resumed */
    STEK_AUDIT_PADDING_ORACLE,  /* high: the error differs with the byte of ciphertext that was
                                   changed */
    STEK_AUDIT_IV_REPEAT,       /* high: two tickets under one key name begin with the same IV */
    STEK_AUDIT_ERROR_DIFFERS, /* low: damaged and unknown tickets get different answers, always the
                                 same */
    STEK_AUDIT_NO_WEAK_KEY,   /* info: what the dictionary tried, without a hit */
    /* which target accepts whose tickets */
    STEK_AUDIT_CLIENT_AUTH_BYPASS, /* high: a ticket issued without a client certificate works where
                                      one is required */
    STEK_AUDIT_SHARED_KEYS,        /* high: a target takes tickets of a name that is not in its
                                      certificate; info: the name is */
    STEK_AUDIT_CROSS_NAME,       /* medium: a ticket resumes under another server name with another
                                    certificate; low: same certificate */
    STEK_AUDIT_PROTOCOL_CHANGED, /* high: a session resumed in another version of TLS */
    STEK_AUDIT_CIPHER_CHANGED,   /* medium: a session resumed with another suite (TLS 1.3: with
                                    another hash) */
    /* early data and key exchange */
    STEK_AUDIT_EARLY_DATA_REPLAY, /* high: the same early data was accepted again, each time */
    STEK_AUDIT_EARLY_DATA_PARTLY, /* high: it was accepted again sometimes: each process of the
                                     server keeps a record of its own */
    STEK_AUDIT_EARLY_DATA,        /* info: early data is offered, and accepted or not */
    STEK_AUDIT_PSK_WITHOUT_DHE,   /* medium: psk_ke accepted: no forward secrecy on resumption */
    /* time */
    STEK_AUDIT_HINT_OVER_7D,  /* medium: TLS 1.3 forbids it, and in TLS 1.2 a key is as old */
    STEK_AUDIT_HINT_OVER_24H, /* low: longer than 24 h, up to 7 days: tracking */
    STEK_AUDIT_HINT_MISSING,  /* info: 0: unspecified in TLS 1.2; in TLS 1.3 it says "do not use" */
    STEK_AUDIT_ROTATION_SLOW, /* medium: one key name was seen for over 24 h */
    STEK_AUDIT_KEY_ROTATION,  /* info: the rotation interval that was measured, or the longest time
                                 without one */
    STEK_AUDIT_LIVES_BEYOND_HINT, /* medium: a ticket resumed after its hint had passed */
    STEK_AUDIT_TICKET_LIFE,       /* info: how long tickets really live, against their hint */
    STEK_AUDIT_CHAIN_UNBOUNDED,   /* medium: a chain of resumptions went on after the first ticket's
                                     hint had passed */
    /* resumption */
    STEK_AUDIT_NOT_OFFERED,     /* info: no tickets in this version */
    STEK_AUDIT_OFFERED,         /* info: how many a handshake, their hint and length */
    STEK_AUDIT_VERSION_MISSING, /* info: the target does not speak this version */
    STEK_AUDIT_RESUMES,         /* info: n of m tries resumed */
    STEK_AUDIT_RESUMES_NEVER,   /* low: tickets are issued but never accepted */
    STEK_AUDIT_RESUMES_PARTLY,  /* low: some tries resume, some do not; says which cause is likely:
                                   several processes, or a restart */
    STEK_AUDIT_RENEWAL_MISSING, /* low: no new ticket after a TLS 1.3 resumption */
    STEK_AUDIT_RENEWAL,         /* info: a resumption brings a new ticket */
    STEK_AUDIT_TICKET_REUSED,   /* info: TLS 1.3: one ticket was accepted twice */
    STEK_AUDIT_KEY_NAME,        /* info: length of the key name and how many were seen */
    STEK_AUDIT_SEVERAL_KEYS,    /* low: several key names at once; says which cause is likely:
                                   processes, a restart or rotation */
    /* the audit itself */
    STEK_AUDIT_NOT_REACHED, /* info: no handshake with a target succeeded; says why */
    STEK_AUDIT_INTERRUPTED, /* info: the audit was stopped early; what is missing */
    STEK_AUDIT_IDS
};

/* What a reader is told about a finding. Static texts. */
struct stek_audit_explanation {
    const char *why;       /* one sentence: why it matters */
    const char *reference; /* where that is written: RFC and section, or a paper */
    const char *advice;    /* what to do; "" for info */
};

/* What is the same for every finding of an id. Static texts. */
struct stek_audit_id_info {
    const char *name; /* `weak-key` */
    enum stek_audit_severity severity;
    const char *title;                   /* a few words */
    struct stek_audit_explanation words; /* of TLS 1.2, or of both versions */
};

struct stek_audit_finding {
    enum stek_audit_id id;
    enum stek_audit_severity severity;
    uint32_t target;     /* the target of the finding, or STEK_AUDIT_NONE */
    uint32_t other;      /* the second target of a pair, or STEK_AUDIT_NONE */
    uint16_t version;    /* STEK_AUDIT_TLS12, STEK_AUDIT_TLS13, or 0: both, or neither */
    char observed[1024]; /* what was seen, with figures; one line */
};

/* Findings, the gravest first, then by id and target. */
struct stek_audit_findings {
    struct stek_audit_finding *items;
    size_t len, cap;
};

/* Never NULL for an id below STEK_AUDIT_IDS. Thread-safe. */
const struct stek_audit_id_info *stek_audit_id_info(enum stek_audit_id id);

/* The words for a finding in this version (STEK_AUDIT_TLS12, STEK_AUDIT_TLS13, or 0): those about
 * TLS 1.3 do not speak of TLS 1.2. Thread-safe. */
struct stek_audit_explanation stek_audit_explain(enum stek_audit_id id, uint16_t version);

/* `critical`, `high`, `medium`, `low`, `info`. Thread-safe. */
const char *stek_audit_severity_name(enum stek_audit_severity severity);

/* Parses such a name. Another text: false, with *ret_severity untouched. Thread-safe. */
bool stek_audit_severity_parse(const char *name, enum stek_audit_severity *ret_severity);

/* Frees the list and leaves it empty. */
void stek_audit_findings_fini(struct stek_audit_findings *findings);

#endif
