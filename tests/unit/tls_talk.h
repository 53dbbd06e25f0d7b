/* SPDX-License-Identifier: Apache-2.0 */
/* One connection between a client and a server in memory, and what could be seen of it on the wire.
 */
#ifndef TESTS_UNIT_TLS_TALK_H
#define TESTS_UNIT_TLS_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* How a client comes. */
struct tls_call {
    const char *server_name; /* NULL: it names no server */
    SSL_SESSION *session;    /* to resume; NULL: none */
    X509 *cert;              /* its certificate, of kind EC; NULL: none */
    SSL *server;             /* to be used for the server's side, and freed; NULL: a new one */
};

enum { TLS_TICKETS_SEEN_MAX = 8 };

/* A NewSessionTicket message that reached the client, with a ticket in it. */
struct tls_ticket {
    uint32_t lifetime_s; /* hint (TLS 1.2) or lifetime (TLS 1.3) */
    size_t len;
    uint8_t name[16];
    uint8_t iv[16];
};

/* How it went. */
struct tls_visit {
    bool done;           /* both sides finished the handshake and a byte went each way */
    bool resumed;        /* both say so */
    unsigned alerts;     /* of either side */
    int alert;           /* the last of them */
    unsigned long error; /* first in the error queue after any call of the server's side, 0: none */
    size_t ticket_count;
    struct tls_ticket tickets[TLS_TICKETS_SEEN_MAX];
    SSL_SESSION *session; /* what the client keeps, for the caller to free; NULL: nothing that it
                             could resume */
};

/* Neither context is changed. Fails no test by itself, so that threads may call it. NULL: not even
 * begun. */
void tls_talk(SSL_CTX *client, SSL_CTX *server, const struct tls_call *call,
              struct tls_visit *ret_visit);

#endif
