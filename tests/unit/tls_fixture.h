/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behaviours of the TLS callbacks, each tried in every mode that it is said to hold in: the
 * protocol, and which of OpenSSL's two kinds of ticket key callback is in use. Each pair counts as
 * one test.
 */
#ifndef TESTS_UNIT_TLS_FIXTURE_H
#define TESTS_UNIT_TLS_FIXTURE_H

#include "unit.h"

#include "tls_certs.h"
#include "tls_clock.h"
#include "tls_talk.h"

#include "ringfile/ring.h"

/* Sets of modes. */
enum {
    TLS12 = 1,
    TLS13 = 2,
    DTLS12 = 4,
    TLS_BEFORE_13 = TLS12 | DTLS12,
    TLS_ALL = TLS12 | TLS13 | DTLS12, /* each of them with both kinds of callback */
    TLS_ONE_CALLBACK = 8, /* with the older callback only: the kind makes no difference */
    TLS_ANY = TLS_ALL | TLS_ONE_CALLBACK,
    TLS_ONCE = 16 /* in no protocol in particular (TLS 1.3), once */
};

struct tls_mode {
    const char *name;
    int version;
    int override; /* attached with it: the older callback, which is what stek installs; 0: with the
                     evp one */
};

struct tls_behaviour {
    const char *name;
    CMUnitTestFunction test;
    unsigned modes;
};
#define TLS_BEHAVIOUR(test, modes)                                                                 \
    {                                                                                              \
#test, test, modes                                                                         \
    }

/* Runs them all; main() returns what it returns. */
int tls_run(const char *group, const struct tls_behaviour *behaviours, size_t count);
#define TLS_RUN(behaviours)                                                                        \
    tls_run(#behaviours, behaviours, sizeof(behaviours) / sizeof *(behaviours))

enum { TLS_SERVERS_MAX = 64 };

/* What each test finds: a ring with the default policy and a server for a.example that is attached
 * to it. */
struct tls_test {
    const struct tls_mode *mode;
    struct stek_ring *ring;
    SSL_CTX *server;
    SSL_CTX *client;
    size_t session_count;
    SSL_SESSION **sessions; /* freed when the test ends */
    size_t server_count;
    SSL_CTX *servers[TLS_SERVERS_MAX]; /* likewise */
};

/* Servers that live until the test ends: with a certificate for one name, or as wished, or with
 * none yet. */
SSL_CTX *tls_server_for(struct tls_test *test, const char *dns_name);
SSL_CTX *tls_server_with(struct tls_test *test, const struct tls_cert_wish *wish);
SSL_CTX *tls_server_bare(struct tls_test *test);
void tls_server_add_cert(SSL_CTX *server, const struct tls_cert_wish *wish);

/* The server asks clients for certificates and takes any; with SSL_VERIFY_NONE it does not ask. */
void tls_server_verify(SSL_CTX *server, int verify_mode);
void tls_server_id_context(SSL_CTX *server, const char *id_context);

/* Attaches with the mode's kind of callback, to the test's ring or another. NULL label: auto. */
void tls_attach_to(const struct tls_test *test, SSL_CTX *server, struct stek_ring *ring,
                   const char *label);
void tls_attach(const struct tls_test *test, SSL_CTX *server, const char *label);

/* A ring on the test's clock, and the test's own server attached to another one than it came with.
 */
struct stek_ring *tls_ring_new(const struct stek_policy *policy);
void tls_use_policy(struct tls_test *test, const struct stek_policy *policy);

/* The sessions of these live until the test ends. */
struct tls_visit tls_visit(struct tls_test *test, SSL_CTX *server, const struct tls_call *call);
SSL_SESSION *tls_keep(struct tls_test *test, SSL_SESSION *session);

/* Frees the last `count` of them already, for tests that have thousands. */
void tls_forget(struct tls_test *test, size_t count);

/* A first visit to the test's server as a.example, with a full handshake and a ticket; its session.
 */
SSL_SESSION *tls_get_ticket(struct tls_test *test);
/* The same at any server and in any manner. */
SSL_SESSION *tls_get_ticket_from(struct tls_test *test, SSL_CTX *server,
                                 const struct tls_call *call);

/* Comes back to the test's server as a.example. */
struct tls_visit tls_come_back(struct tls_test *test, SSL_SESSION *session);

/* The handshake went well and left no error, without or with the ticket's help. */
#define assert_full(visit) tls_assert_visit(visit, false, __FILE__, __LINE__)
#define assert_resumed(visit) tls_assert_visit(visit, true, __FILE__, __LINE__)
void tls_assert_visit(struct tls_visit visit, bool resumed, const char *file, int line);

static inline bool tls_is_13(const struct tls_test *test)
{
    return test->mode->version == TLS1_3_VERSION;
}

#endif
