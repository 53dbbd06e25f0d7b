/* SPDX-License-Identifier: Apache-2.0 */
/* What ticket-client was asked to do. */
#ifndef TICKET_CLIENT_OPTIONS_H
#define TICKET_CLIENT_OPTIONS_H

#include <stdbool.h>

enum { CLIENTS_MAX = 1000 };

struct options {
    int port;
    int version; /* TLS1_2_VERSION or TLS1_3_VERSION */
    long count;  /* connections to make; 0: as many as fit in seconds */
    long seconds;
    long clients; /* each has a session of its own; every connection is one of them, by a fixed lot
                   */
    long interval_ms; /* from the start of one connection to the start of the next, on average */
    long burst; /* this many connections one right after the other, then a pause that makes up for
                   it */
    long delay_ms;   /* before the first */
    long timeout_ms; /* for each read and write */
    bool resume;
    bool http;
    bool no_tickets; /* it offers session ids, and takes no ticket */
    const char *sni;
    const char *cert, *key;
    const char *sess_in, *sess_out;
};

/* Reads the command line; a mistake in it ends the program. */
struct options options_parse(int argc, char **argv);

/* Says on standard error why the client cannot run at all, and exits with status 2. */
__attribute__((noreturn)) void die(const char *what);

#endif
