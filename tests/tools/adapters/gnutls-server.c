/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     gnutls-server PORT CERT KEY RING LABEL
 *
 * A server of the real GnuTLS with two processes, whose tickets are under the keys of a label.
 */
#include <stek-gnutls.h>

#include "workers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct stek_gnutls tickets;
static gnutls_certificate_credentials_t credentials;

static void answer(gnutls_session_t session)
{
    char request[1024], text[ANSWER_LEN];
    const size_t len = workers_answer(text);

    if (gnutls_record_recv(session, request, sizeof request) > 0)
        (void)gnutls_record_send(session, text, len);
}

static bool handshake(gnutls_session_t session)
{
    int done;

    do
        done = gnutls_handshake(session);
    while (done < 0 && gnutls_error_is_fatal(done) == 0);
    return done == 0;
}

static void serve(int fd)
{
    gnutls_session_t session;

    if (gnutls_init(&session, GNUTLS_SERVER) == 0) {
        gnutls_transport_set_int(session, fd);
        if (gnutls_set_default_priority(session) == 0 &&
            gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) == 0 &&
            stek_gnutls_attach(session, &tickets) == STEK_OK && handshake(session)) {
            answer(session);
            (void)gnutls_bye(session, GNUTLS_SHUT_WR);
        }
        gnutls_deinit(session);
    }
    (void)close(fd);
}

static bool set_up(char **argv)
{
    struct stek_ring *ring;

    return gnutls_certificate_allocate_credentials(&credentials) == 0 &&
           gnutls_certificate_set_x509_key_file(credentials, argv[2], argv[3],
                                                GNUTLS_X509_FMT_PEM) >= 0 &&
           stek_ring_open(argv[4], &ring) == STEK_OK &&
           stek_label_new(ring, argv[5], &tickets.label) == STEK_OK;
}

int main(int argc, char **argv)
{
    if (argc != 6 || !set_up(argv)) {
        (void)fputs("usage: gnutls-server PORT CERT KEY RING LABEL\n", stderr);
        return 2;
    }
    workers_run((int)strtol(argv[1], NULL, 10), serve);
    return 1;
}
