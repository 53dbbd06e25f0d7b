/* SPDX-License-Identifier: Apache-2.0 */
/* Client certificates: a resumed session brings the one of its full handshake along, and must not
 * outlive it. */
#include "tls_tickets.h"

enum { HOUR_S = 3600, DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };

/* A server that verifies peers, in a context that it shares with those that do not. */
static SSL_CTX *verifying_server(struct tls_test *test, int verify_mode)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_verify(server, verify_mode);
    tls_server_id_context(server, "clients");
    tls_attach(test, server, "shared");
    return server;
}

static X509 *client_cert(int64_t not_after)
{
    return tls_cert_new(&(struct tls_cert_wish){.common_name = "client", .not_after = not_after});
}

/* Gets a ticket with a certificate that ends in an hour, and comes back when it has been over for
 * `late` seconds. */
static struct tls_visit come_back_late(struct tls_test *test, SSL_CTX *server, int64_t late)
{
    const int64_t end = tls_clock_now() + HOUR_S;
    X509 *cert = client_cert(end);
    SSL_SESSION *session = tls_get_ticket_from(test, server, &(struct tls_call){.cert = cert});

    tls_clock_set(end + late);
    const struct tls_visit visit =
        tls_visit(test, server, &(struct tls_call){.session = session, .cert = cert});
    X509_free(cert);
    return visit;
}

static void a_session_resumes_up_to_the_last_second_of_its_client_certificate(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, DEMAND);

    assert_resumed(come_back_late(test, server, 0));
}

static void a_session_whose_client_certificate_has_expired_does_not_resume(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, DEMAND);

    assert_full(come_back_late(test, server, 1));
}

static void nor_does_it_where_a_certificate_is_asked_for_and_not_demanded(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, SSL_VERIFY_PEER);

    assert_full(come_back_late(test, server, 1));
}

/* Gets a ticket without a certificate at one server, and takes it to another of the same context.
 */
static struct tls_visit take_over(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    X509 *cert = client_cert(0);
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.server_name = NULL});
    const struct tls_visit visit =
        tls_visit(test, to, &(struct tls_call){.session = session, .cert = cert});

    X509_free(cert);
    return visit;
}

static void a_session_without_a_certificate_does_not_resume_where_one_is_demanded(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE);
    SSL_CTX *closed = verifying_server(test, DEMAND);

    assert_full(take_over(test, open, closed));
}

static void a_session_without_a_certificate_resumes_where_one_is_only_asked_for(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE);
    SSL_CTX *asking = verifying_server(test, SSL_VERIFY_PEER);

    assert_resumed(take_over(test, open, asking));
}

/* RFC 9846 section 4.6.2: it may be asked for later, so none is missing yet. */
static void a_session_without_a_certificate_resumes_where_one_may_be_demanded_later(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE);
    SSL_CTX *later = verifying_server(test, DEMAND | SSL_VERIFY_POST_HANDSHAKE);

    assert_resumed(take_over(test, open, later));
}

/* In TLS 1.2 nothing can be asked for later. */
static void before_tls13_demanding_later_is_demanding_now(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE);
    SSL_CTX *later = verifying_server(test, DEMAND | SSL_VERIFY_POST_HANDSHAKE);

    assert_full(take_over(test, open, later));
}

static void a_resumed_session_still_has_its_certificate_after_a_renewal(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, DEMAND);
    const int64_t end = tls_clock_now() + 2 * HOUR_S;
    X509 *cert = client_cert(end);
    SSL_SESSION *session = tls_get_ticket_from(test, server, &(struct tls_call){.cert = cert});

    tls_clock_pass(HOUR_S);
    const struct tls_visit visit =
        tls_visit(test, server, &(struct tls_call){.session = session, .cert = cert});
    assert_resumed(visit);
    tls_clock_set(end + 1);
    assert_full(
        tls_visit(test, server, &(struct tls_call){.session = visit.session, .cert = cert}));
    X509_free(cert);
}

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
/* RFC 7250; such a key has no end. */
static void a_session_with_a_raw_public_key_resumes_where_a_certificate_is_demanded(void **state)
{
    static unsigned char raw[] = {TLSEXT_cert_type_rpk};
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, DEMAND);

    assert_int_equal(SSL_CTX_set1_client_cert_type(server, raw, sizeof raw), 1);
    assert_int_equal(SSL_CTX_set1_client_cert_type(test->client, raw, sizeof raw), 1);
    assert_resumed(come_back_late(test, server, 1));
}
#endif

int main(void)
{
    static const struct tls_behaviour client_certificates[] =
    { TLS_BEHAVIOUR(a_session_resumes_up_to_the_last_second_of_its_client_certificate, TLS_ALL),
      TLS_BEHAVIOUR(a_session_whose_client_certificate_has_expired_does_not_resume, TLS_ALL),
      TLS_BEHAVIOUR(nor_does_it_where_a_certificate_is_asked_for_and_not_demanded, TLS_ALL),
      TLS_BEHAVIOUR(a_session_without_a_certificate_does_not_resume_where_one_is_demanded, TLS_ALL),
      TLS_BEHAVIOUR(a_session_without_a_certificate_resumes_where_one_is_only_asked_for, TLS_ALL),
      TLS_BEHAVIOUR(a_session_without_a_certificate_resumes_where_one_may_be_demanded_later, TLS13),
      TLS_BEHAVIOUR(before_tls13_demanding_later_is_demanding_now, TLS_BEFORE_13),
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
      TLS_BEHAVIOUR(a_session_with_a_raw_public_key_resumes_where_a_certificate_is_demanded,
                    TLS_ALL),
#endif
      TLS_BEHAVIOUR(a_resumed_session_still_has_its_certificate_after_a_renewal, TLS_ALL),
    };

    return TLS_RUN(client_certificates);
}
