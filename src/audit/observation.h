/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an audit saw, as plain data: the targets, every handshake in the order in which it was made,
 * and every ticket that came. `observe` (network) appends to it, `record` writes and reads it as
 * JSON lines, `judge` (pure) reads it. Nothing in here is a verdict. References between the lists
 * are indices, which never change: the lists only grow.
 *
 * It holds the secrets of the audit's own sessions only: _fini() wipes them.
 */
#ifndef STEK_AUDIT_OBSERVATION_H
#define STEK_AUDIT_OBSERVATION_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_AUDIT_TARGETS_MAX = 64,
    STEK_AUDIT_HANDSHAKES_MAX = 1000000,
    STEK_AUDIT_NAME_LEN_MAX = 255,     /* of a host name or server name */
    STEK_AUDIT_TICKET_LEN_MAX = 65535, /* RFC 9846 section 4.6.1 */
    STEK_AUDIT_SESSION_LEN_MAX = 131072,
    STEK_AUDIT_SECRET_LEN_MAX = 64,
    STEK_AUDIT_TICKETS_BYTES_MAX = 64 << 20, /* of all tickets and sessions together */
    STEK_AUDIT_TLS12 = 0x0303,
    STEK_AUDIT_TLS13 = 0x0304
};
#define STEK_AUDIT_NONE UINT32_MAX /* in place of an index */

/* One endpoint: an address and a server name. Two names at one address are two targets. */
struct stek_audit_target {
    char host[STEK_AUDIT_NAME_LEN_MAX + 1]; /* as it was given: a name or an address */
    uint16_t port;
    char sni[STEK_AUDIT_NAME_LEN_MAX + 1]; /* the server name sent; "": none */
    char address[64];  /* the numeric address that every connection went to; "": not found */
    char gave_up[128]; /* why no more connections were made to it; "": all were made */
    bool mute;         /* it left a request without an answer: no other is sent. Not recorded */
};

/* Why a handshake was made. */
enum stek_audit_purpose {
    STEK_AUDIT_OFFER,    /* no ticket offered: what does a full handshake give? */
    STEK_AUDIT_RESUME,   /* a ticket as it came, for the first time, on a fresh connection */
    STEK_AUDIT_REUSE,    /* a ticket that was offered before, once more */
    STEK_AUDIT_PSK_ONLY, /* TLS 1.3, only psk_ke offered (RFC 9846 section 4.2.9); not carried on
                            after ServerHello */
    STEK_AUDIT_UNKNOWN,  /* random bytes in place of the ticket, of the same length: what TAMPER is
                            compared with */
    STEK_AUDIT_TAMPER,   /* the ticket with one bit of byte `flip_at` flipped */
    STEK_AUDIT_OTHER_CIPHER,  /* a ticket, and the suite of its session not among those offered */
    STEK_AUDIT_OTHER_VERSION, /* a ticket offered in the other version of TLS */
    STEK_AUDIT_CONTROL, /* no ticket, no client certificate: the control for MATRIX and OTHER_NAME,
                           same target and SNI */
    STEK_AUDIT_MATRIX,  /* the ticket of another target, under the name that it was issued for; no
                           client certificate */
    STEK_AUDIT_OTHER_NAME,   /* the ticket of another target, under this target's name; no client
                                certificate */
    STEK_AUDIT_EARLY_FIRST,  /* a ticket with early data */
    STEK_AUDIT_EARLY_REPLAY, /* the same bytes as the EARLY_FIRST of the same ticket, on another
                                connection */
    STEK_AUDIT_EARLY_AGAIN,  /* the same ticket with early data in a new ClientHello */
    STEK_AUDIT_SAMPLE,       /* long runs: as OFFER, at intervals */
    STEK_AUDIT_LIFE,  /* long runs: a ticket that has waited, for the first time; its age is `at` -
                         `received` */
    STEK_AUDIT_CHAIN, /* the newest ticket of a chain of resumptions */
    STEK_AUDIT_PURPOSES
};

/* How a handshake ended. */
enum stek_audit_outcome {
    STEK_AUDIT_DONE,     /* finished, and no fatal alert came afterwards */
    STEK_AUDIT_ALERT,    /* a fatal alert of the server, in the handshake or (`finished`) after it;
                            number in `alert` */
    STEK_AUDIT_CLOSED,   /* the server closed or reset the connection before the handshake had
                            finished */
    STEK_AUDIT_TIMEOUT,  /* the server sent nothing for too long */
    STEK_AUDIT_REJECTED, /* the client's libssl refused what the server sent; `problem` says why */
    STEK_AUDIT_UNREACHABLE, /* no connection, or STARTTLS was refused; `problem` says why */
    STEK_AUDIT_OUTCOMES
};

enum stek_audit_early {
    STEK_AUDIT_EARLY_NOT_SENT,
    STEK_AUDIT_EARLY_REFUSED,
    STEK_AUDIT_EARLY_ACCEPTED
};

struct stek_audit_handshake {
    enum stek_audit_purpose purpose;
    uint32_t target; /* whose address was connected to */
    uint32_t ticket; /* the one offered, or STEK_AUDIT_NONE; its own target may be another */
    int64_t at;      /* Unix seconds */
    uint32_t took_ms;
    char sni[STEK_AUDIT_NAME_LEN_MAX + 1]; /* the server name sent; "": none */
    uint16_t version_offered; /* STEK_AUDIT_TLS12 or STEK_AUDIT_TLS13: the only one offered */
    int32_t flip_at;          /* TAMPER: offset of the changed byte in the ticket; else -1 */

    enum stek_audit_outcome outcome;
    uint8_t alert;    /* with STEK_AUDIT_ALERT: its number (RFC 9846 section 6) */
    bool finished;    /* the handshake itself was carried through */
    bool resumed;     /* the server took the ticket: its ServerHello says so, whatever came then */
    uint16_t version; /* of the ServerHello; 0: none came */
    uint16_t cipher;  /* of the ServerHello; 0: none came */
    bool dhe; /* the key exchange has a fresh (EC)DHE share; always false in a resumed TLS 1.2
                 handshake */
    bool cert_requested; /* of the client; only full handshakes ask */
    bool cert_sent;      /* the client had one and sent it */
    bool cert_seen;      /* the server sent one: the three fields below mean something */
    bool cert_fits;    /* its names cover `sni` (or, when that is empty, the host that was given) */
    bool cert_trusted; /* its chain leads to a CA of --ca or of the system, whatever its names */
    uint8_t cert_sha256[32]; /* of the certificate's DER */
    uint32_t
        tickets; /* how many came that are not empty; those of TAMPER and UNKNOWN are not kept */
    enum stek_audit_early early;
    char answer[64]; /* first line of the HTTP answer, printable ASCII; "": not asked, or none came
                      */
    char problem[128]; /* for people; "": none */
};

struct stek_audit_ticket {
    uint32_t handshake; /* which brought it: its target, and by its `ticket` the chain back to a
                           full handshake */
    uint32_t target;    /* whose address it came from */
    char sni[STEK_AUDIT_NAME_LEN_MAX + 1]; /* under which it was issued */
    int64_t received;                      /* Unix seconds */
    uint16_t version;                      /* STEK_AUDIT_TLS12 or STEK_AUDIT_TLS13 */
    uint16_t cipher;                       /* of the session */
    uint32_t hint_s; /* lifetime: RFC 5077 section 3.3 (0: unspecified), RFC 9846 section 4.6.1 */
    uint32_t max_early_data; /* 0: early data not offered */
    bool cert_sent;          /* its session has a client certificate */
    uint8_t nonce[255];      /* ticket_nonce of TLS 1.3 */
    uint8_t nonce_len;
    /* The session's own secret. TLS 1.2: the master secret, 48 bytes. TLS 1.3: the resumption PSK,
     * that is HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce, Hash.length).
     */
    uint8_t secret[STEK_AUDIT_SECRET_LEN_MAX];
    uint8_t secret_len;
    uint8_t *bytes; /* the ticket */
    size_t len;
    uint8_t *session; /* libssl's encoding of the whole session, for offering it again; empty when
                         not kept */
    size_t session_len;
};

/* What the audit was asked to do. */
struct stek_audit_plan {
    uint32_t tickets; /* full handshakes for tickets to examine, over all targets and versions */
    uint32_t rate;    /* connections a second, at most */
    int64_t
        over_s; /* the OFFER handshakes are spread over this time; 0: as fast as `rate` allows */
    int64_t watch_s;   /* length of the watch; 0: none */
    int64_t sample_s;  /* interval of its samples */
    char starttls[16]; /* "": none */
};

struct stek_audit_observation {
    struct stek_audit_plan plan;
    int64_t started, ended; /* Unix seconds; `ended` is the time of the last thing seen */
    bool interrupted;       /* the audit was stopped early */
    struct stek_audit_target *targets;
    size_t targets_len;
    struct stek_audit_handshake *handshakes;
    size_t handshakes_len, handshakes_cap;
    struct stek_audit_ticket *tickets;
    size_t tickets_len, tickets_cap;
    size_t tickets_bytes; /* of `bytes` and `session` of all of them */
};

/* An empty observation: end it with _fini(). No function here is thread-safe. */
void stek_audit_observation_init(struct stek_audit_observation *obs);

/* Wipes and frees all that it holds, and leaves it empty. */
void stek_audit_observation_fini(struct stek_audit_observation *obs);

/* Each appends a copy. A ticket's `bytes` and `session` are copied too. The index of the new item
 * is the length before. Errors: STEK_ERR_MEMORY; STEK_ERR_ARGUMENT (an index that is not in its
 * list, a length over its maximum, a list that is full: for tickets also by
 * STEK_AUDIT_TICKETS_BYTES_MAX). The observation is then as it was. */
STEK_MUST_USE enum stek_result stek_audit_add_target(struct stek_audit_observation *obs,
                                                     const struct stek_audit_target *target);
STEK_MUST_USE enum stek_result
stek_audit_add_handshake(struct stek_audit_observation *obs,
                         const struct stek_audit_handshake *handshake);
STEK_MUST_USE enum stek_result stek_audit_add_ticket(struct stek_audit_observation *obs,
                                                     const struct stek_audit_ticket *ticket);

/* Whether a ticket is within what an observation may hold of them altogether. */
bool stek_audit_has_room(const struct stek_audit_observation *obs,
                         const struct stek_audit_ticket *ticket);

/* The time of the full handshake at the start of this ticket's chain of resumptions. */
int64_t stek_audit_chain_start(const struct stek_audit_observation *obs, uint32_t ticket);

#endif
