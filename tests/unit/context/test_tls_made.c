/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket from an SSL_CTX that demands less does not get round what this one demands, however late
 * the program says it. */
#include "tls_early.h"
#include "tls_tickets.h"

#include "tls/context/peers.h"

enum { DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };

static const char strong[] = "ECDHE-ECDSA-AES256-GCM-SHA384";
static const char weak[] = "ECDHE-ECDSA-AES128-SHA";

static SSL_CTX *server(struct tls_test *test, const char *label)
{
    SSL_CTX *made = tls_server_for(test, "a.example");

    tls_server_id_context(made, "one for all");
    tls_attach(test, made, label);
    return made;
}

static SSL_CTX *server_with_ciphers(struct tls_test *test, const char *ciphers)
{
    SSL_CTX *made = server(test, NULL);

    assert_int_equal(SSL_CTX_set_cipher_list(made, ciphers), 1);
    return made;
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    const struct tls_call first = {.server_name = "a.example"};
    SSL_SESSION *session = tls_get_ticket_from(test, from, &first);

    return tls_visit(test, to, &(struct tls_call){.server_name = "a.example", .session = session});
}

static void a_cipher_that_is_not_allowed_here_does_not_come_by_ticket(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *lax = server_with_ciphers(test, weak);
    SSL_CTX *strict = server_with_ciphers(test, strong);

    assert_full(carry(test, lax, strict));
    assert_full(carry(test, strict, lax));
    assert_resumed(carry(test, strict, server_with_ciphers(test, strong)));
}

static int allow_256_bits(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                          void *other, void *ex)
{
    (void)ssl, (void)ctx, (void)nid, (void)other, (void)ex;
    return op != SSL_SECOP_CIPHER_SHARED || bits == 256;
}

static void nor_does_one_that_the_security_callback_refuses(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *lax = server_with_ciphers(test, weak);
    SSL_CTX *strict = server(test, NULL);

    assert_resumed(carry(test, lax, server(test, NULL)));
    SSL_CTX_set_security_callback(strict, allow_256_bits);
    assert_full(carry(test, lax, strict));
}

/* As libssl has it: its list counts for new sessions only. */
static void what_this_ssl_ctx_made_resumes_after_its_list_has_changed(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *only = server_with_ciphers(test, weak);
    SSL_SESSION *session = tls_get_ticket_from(test, only, &(struct tls_call){.session = NULL});

    assert_int_equal(SSL_CTX_set_cipher_list(only, strong), 1);
    assert_resumed(tls_visit(test, only, &(struct tls_call){.session = session}));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int demand(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    SSL_set_verify(ssl, DEMAND, NULL);
    return SSL_TLSEXT_ERR_OK;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int allow_strong_only(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    assert_int_equal(SSL_set_cipher_list(ssl, strong), 1);
    return SSL_TLSEXT_ERR_OK;
}

/* The handshake ends, since the ticket has opened by then. */
static void assert_ends(struct tls_visit visit)
{
    assert_false(visit.done);
    assert_true(visit.alerts > 0);
}

/* Twice: the first time tells stek that somebody is verified, and what is not wanted. */
static void assert_keeps_out(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    assert_ends(carry(test, from, to));
    assert_ends(carry(test, from, to));
}

static void a_certificate_that_a_servername_callback_demands_is_demanded(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *strict = server(test, NULL);

    SSL_CTX_set_tlsext_servername_callback(strict, demand);
    assert_false(stek_peers_are_verified());
    assert_keeps_out(test, server(test, NULL), strict);
    assert_true(stek_peers_are_verified());
}

static void so_it_is_where_the_operator_gave_a_label(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *strict = server(test, "label");

    SSL_CTX_set_tlsext_servername_callback(strict, demand);
    assert_keeps_out(test, server(test, "label"), strict);
}

static int demand_with_cert(SSL *ssl, void *arg)
{
    (void)arg;
    SSL_set_verify(ssl, DEMAND, NULL);
    return 1;
}

/* libssl calls no certificate callback for a session that resumes. */
static void so_it_is_where_a_full_handshake_showed_that_a_certificate_callback_demands(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *strict = server(test, "label");
    X509 *cert = tls_cert_new(
        &(struct tls_cert_wish){.common_name = "client", .not_after = tls_clock_now() + 3600});

    SSL_CTX_set_cert_cb(strict, demand_with_cert, NULL);
    tls_server_verify(strict, SSL_VERIFY_NONE);
    (void)tls_get_ticket_from(test, strict, &(struct tls_call){.cert = cert});
    assert_ends(carry(test, server(test, "label"), strict));
    X509_free(cert);
}

/* It would reach the program before the handshake ends. */
static void nor_does_early_data_come_where_a_certificate_is_demanded(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_CTX *strict = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    struct tls_flight flight;

    SSL_CTX_set_tlsext_servername_callback(strict, demand);
    tls_early_flight(test, tls_get_early_ticket(test, open), &flight);
    assert_int_not_equal(tls_early_replay(strict, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(open, &flight), TLS_EARLY_ACCEPTED);
}

/* Such a program hands out no tickets itself, so there is no later moment to look. */
static void nothing_comes_by_ticket_where_the_program_gives_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *none = server(test, NULL);

    assert_int_equal(SSL_CTX_set_num_tickets(none, 0), 1);
    assert_full(carry(test, server(test, NULL), none));
}

static void a_cipher_that_a_servername_callback_forbids_is_forbidden(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *strict = server(test, NULL);

    SSL_CTX *lax = server_with_ciphers(test, weak);

    SSL_CTX_set_tlsext_servername_callback(strict, allow_strong_only);
    assert_ends(carry(test, lax, strict));
    assert_full(carry(test, lax, strict));
}

/* libssl would answer with an alert (RFC 7627 section 5.3). */
static void an_extended_master_secret_does_not_come_where_there_is_none(void **state)
{
#ifdef SSL_OP_NO_EXTENDED_MASTER_SECRET
    struct tls_test *test = *state;
    SSL_CTX *with = server(test, NULL);
    SSL_CTX *without = server(test, NULL);

    (void)SSL_CTX_set_options(without, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    assert_full(carry(test, with, without));
    assert_full(carry(test, without, with));
    assert_resumed(carry(test, without, without));
    assert_resumed(carry(test, with, with));
#else
    (void)state;
    skip();
#endif
}

/* Before TLS 1.3 the ticket is replaced, so that there is a later moment to look; once for each
 * kind of session. */
static void the_first_ticket_from_elsewhere_is_replaced_and_no_other(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, NULL);
    SSL_CTX *other = server(test, NULL);

    for (size_t i = 0; i < 3; i++) {
        const struct tls_visit visit = carry(test, one, other);
        assert_resumed(visit);
        assert_int_equal(visit.ticket_count, i == 0 ? 1 : 0);
    }
}

int main(void)
{
    const struct tls_behaviour behaviours[] = {
        TLS_BEHAVIOUR(a_cipher_that_is_not_allowed_here_does_not_come_by_ticket, TLS_BEFORE_13),
        TLS_BEHAVIOUR(nor_does_one_that_the_security_callback_refuses, TLS_BEFORE_13),
        TLS_BEHAVIOUR(what_this_ssl_ctx_made_resumes_after_its_list_has_changed, TLS_BEFORE_13),
        TLS_BEHAVIOUR(a_certificate_that_a_servername_callback_demands_is_demanded, TLS_ALL),
        TLS_BEHAVIOUR(so_it_is_where_the_operator_gave_a_label, TLS_ANY),
        TLS_BEHAVIOUR(so_it_is_where_a_full_handshake_showed_that_a_certificate_callback_demands,
                      TLS_ALL),
        TLS_BEHAVIOUR(nor_does_early_data_come_where_a_certificate_is_demanded, TLS13),
        TLS_BEHAVIOUR(nothing_comes_by_ticket_where_the_program_gives_none, TLS13),
        TLS_BEHAVIOUR(a_cipher_that_a_servername_callback_forbids_is_forbidden, TLS_BEFORE_13),
        TLS_BEHAVIOUR(an_extended_master_secret_does_not_come_where_there_is_none, TLS_BEFORE_13),
        TLS_BEHAVIOUR(the_first_ticket_from_elsewhere_is_replaced_and_no_other, TLS_BEFORE_13),
    };

    return TLS_RUN(behaviours);
}
