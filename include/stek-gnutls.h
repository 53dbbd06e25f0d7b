/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of GnuTLS servers under the keys of a stek ring: see stek-gnutls(3).
 *
 *     static struct stek_gnutls tickets;
 *     if (stek_label_new(ring, "gnutls www.example.org", &tickets.label) != STEK_OK) ...
 *     if (stek_gnutls_attach(session, &tickets) != STEK_OK) ...
 *
 * GnuTLS takes one master key for each session. So this chooses it when the client's hello is
 * there: the one under which the client's ticket opens, or else the one that seals.
 */
#ifndef STEK_GNUTLS_H
#define STEK_GNUTLS_H

#ifndef STEK_NO_OPENSSL
#define STEK_NO_OPENSSL
#endif
#include <stek.h>

#include <gnutls/gnutls.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the tickets of a server need. Fields that are 0 take their default, but `label`. */
struct stek_gnutls {
    struct stek_label *label; /* borrowed */
    int64_t lifetime_s; /* how long a session resumes: 1 second to 7 days, default 6 hours. All
                           servers that share tickets need the same */
};

/*
 * Lets a server's session seal and open tickets with the keys of a label, in the place of
 * gnutls_session_ticket_enable_server(). Call it before the handshake. It sets the session's
 * handshake hook, gnutls_db_set_cache_expiration(), and data under an extension of its own
 * (private use, 0xff57), which nobody is sent. Without a usable key the client gets no ticket, and
 * a ticket that does not open means a full handshake. `tickets` and its label are borrowed: they,
 * unchanged, must outlive the session. Any number of sessions, threads and forks may use them.
 * Errors: STEK_ERR_ARGUMENT; STEK_ERR_MEMORY; STEK_ERR_SYSTEM (it was attached already, or GnuTLS
 * refuses the extension).
 */
STEK_MUST_USE enum stek_result stek_gnutls_attach(gnutls_session_t session,
                                                  const struct stek_gnutls *tickets);

/*
 * For a program that has a handshake hook of its own, set after stek_gnutls_attach(): it calls this
 * from there, for GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE and incoming messages, with the
 * message.
 */
void stek_gnutls_client_hello(gnutls_session_t session, const gnutls_datum_t *message);

#ifdef __cplusplus
}
#endif

#endif
