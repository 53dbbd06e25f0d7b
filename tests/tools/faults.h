/* SPDX-License-Identifier: Apache-2.0 */
/* What broken-server can be wrong about. Each fault is one of the auditor's findings. */
#ifndef BROKEN_SERVER_FAULTS_H
#define BROKEN_SERVER_FAULTS_H

#include <stdbool.h>

#include <openssl/ssl.h>

enum fault {
    FAULT_NONE,
    FAULT_WEAK_KEY,     /* all keys zero */
    FAULT_COUNTER_KEY,  /* the AES key counts 00 01 02 …, the MAC key is random */
    FAULT_CTR_WEAK_KEY, /* AES-128-CTR with a key of zeros; the MAC key is random */
    FAULT_CLEAR,        /* no encryption: the MAC only */
    FAULT_KEYSTREAM, /* AES-CTR that starts the same for every ticket, whatever IV the ticket names
                      */
    FAULT_IV_REPEAT, /* one IV for all */
    FAULT_NO_MAC,    /* the MAC is the same for every text */
    FAULT_PADDING_ORACLE,  /* decrypts before it checks the MAC, and answers bad padding with an
                              alert */
    FAULT_ERROR_DIFFERS,   /* a bad MAC under a known key name is answered with an alert */
    FAULT_CLIENT_AUTH,     /* the second host demands client certificates, but not with a ticket
                            */
    FAULT_EARLY_REPLAY,    /* early data without any guard */
    FAULT_EARLY_PARTLY,    /* early data once in each of two processes, by turns */
    FAULT_PSK_ONLY,        /* psk_ke allowed */
    FAULT_PROTOCOL,        /* takes tickets of the other version */
    FAULT_CIPHER,          /* resumes with the first suite of the ClientHello */
    FAULT_NO_RENEWAL,      /* TLS 1.3 resumptions bring no ticket */
    FAULT_FOREVER,         /* takes tickets of any age */
    FAULT_NEVER,           /* refuses its own tickets */
    FAULT_ENDLESS_TICKETS, /* sends tickets after the handshake until the client is gone */
    FAULT_ENDLESS_DATA,    /* the same with data, without a line's end */
    FAULT_KEY_UPDATES,     /* TLS 1.3: changes its keys without end, and has the client do so */
    FAULT_RENEGOTIATION,   /* TLS 1.2: another handshake after each */
    FAULT_RENEGOTIATES,    /* TLS 1.2: one more handshake before the answer, as for a page that
                              wants a certificate. No fault */
    FAULT_LONG_TICKETS,    /* tickets of nearly 64 kB */
    FAULT_TWO_PROCESSES,   /* two keys, of which it has one in hand for each connection, by turns */
    FAULTS
};

struct server_options {
    int port;
    const char *cert;   /* PEM with key and certificate */
    const char *second; /* the same for b.example; NULL: one host only */
    const char *ca;     /* whose client certificates the second host takes */
    long timeout_s;     /* of sessions, and so their lifetime hint */
    int seed;           /* of the ticket keys: servers with the same one have the same keys */
    enum fault fault;
};

/* `no-mac` and so on. Returns false for any other name. */
bool fault_find(const char *name, enum fault *ret_fault);

/* What happens between a request and its answer. */
void fault_interrupt(SSL *ssl, enum fault fault);

/* Whether this fault floods the client instead of answering; it returns when the client is gone. */
bool fault_flood(SSL *ssl, enum fault fault);

/* The server's SSL_CTX, or NULL. One for each process. */
SSL_CTX *fault_server(const struct server_options *options);

#endif
