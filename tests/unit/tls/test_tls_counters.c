/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted is what the client saw, and why: all counters are compared, so that none moves
 * unasked. */
#include "tls_counts.h"
#include "tls_tickets.h"

#include <string.h>

enum { HOUR_S = 3600 };

static const struct tls_call as_a = {.server_name = "a.example"};

/* What is counted in all: these, and nothing else. */
static void assert_counted(uint64_t sealed, uint64_t opened, uint64_t renewed)
{
    const struct stek_stats_sum sum = stats_sum();

    assert_int_equal(sum.count[STEK_COUNT_SEALED], sealed);
    assert_int_equal(sum.count[STEK_COUNT_OPENED], opened);
    assert_int_equal(sum.count[STEK_COUNT_RENEWED], renewed);
    for (int i = STEK_COUNT_UNKNOWN; i < STEK_COUNTERS; i++)
        assert_int_equal(sum.count[i], 0);
}

/* One ticket was refused for this reason, after and before which the client got tickets. */
static void assert_refused_for(enum stek_counter reason, uint64_t sealed)
{
    const struct stek_stats_sum sum = stats_sum();

    assert_int_equal(sum.count[STEK_COUNT_SEALED], sealed);
    for (int i = STEK_COUNT_OPENED; i < STEK_COUNTERS; i++)
        assert_int_equal(sum.count[i], i == (int)reason);
}

static void tickets_that_clients_get_are_counted(void **state)
{
    struct tls_test *test = *state;

    tls_counts_begin(test);
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    assert_true(visit.ticket_count > 0);
    assert_counted(visit.ticket_count, 0, 0);
    tls_counts_end(test);
}

static void a_resumption_is_counted_and_the_ticket_that_it_gives(void **state)
{
    struct tls_test *test = *state;

    tls_counts_begin(test);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    const struct tls_visit second = tls_come_back(test, first.session);
    assert_resumed(second);
    assert_counted(first.ticket_count + second.ticket_count, 1, second.ticket_count);
    assert_int_equal(second.ticket_count, tls_is_13(test) ? 1 : 0);
    tls_counts_end(test);
}

static void a_ticket_that_is_renewed_under_a_newer_key_is_counted_as_such(void **state)
{
    struct tls_test *test = *state;

    tls_counts_begin(test);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    tls_clock_pass(HOUR_S + 1);
    const struct tls_visit second = tls_come_back(test, first.session);
    assert_resumed(second);
    assert_int_equal(second.ticket_count, 1);
    assert_counted(first.ticket_count + 1, 1, 1);
    tls_counts_end(test);
}

static void a_ticket_under_no_key_of_the_ring_is_unknown(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_use_policy(test, NULL);
    tls_counts_begin(test);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_full(visit);
    assert_refused_for(STEK_COUNT_UNKNOWN, visit.ticket_count);
    tls_counts_end(test);
}

static void a_ticket_with_a_wrong_mac_is_damaged(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);
    uint8_t ticket[4096];
    size_t len;

    const uint8_t *good = tls_ticket_bytes(session, &len);
    assert_true(len <= sizeof ticket);
    memcpy(ticket, good, len);
    ticket[len - 1] ^= 1;
    tls_counts_begin(test);
    const struct tls_visit visit = tls_come_back(test, tls_with_ticket(test, session, ticket, len));
    assert_full(visit);
    assert_refused_for(STEK_COUNT_DAMAGED, visit.ticket_count);
    tls_counts_end(test);
}

static void a_chain_over_its_cap_is_counted_as_max_session_age(void **state)
{
    struct tls_test *test = *state;

    tls_use_policy(test, &(struct stek_policy){.max_session_age_s = HOUR_S});
    SSL_CTX_set_timeout(test->server, 10 * HOUR_S);
    SSL_SESSION *session = tls_get_ticket(test);
    SSL_SESSION_set_timeout(session,
                            10 * HOUR_S); /* a client that keeps it longer than it was promised */
    tls_clock_pass(HOUR_S + 1);
    tls_counts_begin(test);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_full(visit);
    assert_refused_for(STEK_COUNT_SESSION_AGE, visit.ticket_count);
    tls_counts_end(test);
}

static void a_ticket_for_another_server_name_is_counted_as_that(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_counts_begin(test);
    const struct tls_visit visit = tls_visit(
        test, test->server, &(struct tls_call){.server_name = "b.example", .session = session});
    assert_full(visit);
    assert_refused_for(STEK_COUNT_SERVER_NAME, visit.ticket_count);
    tls_counts_end(test);
}

static SSL_CTX *verifying_server(struct tls_test *test, int mode, const char *id_context)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_verify(server, mode);
    tls_server_id_context(server, id_context);
    tls_attach(test, server, "shared");
    return server;
}

static void a_client_certificate_that_has_expired_is_counted_as_that(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = verifying_server(test, SSL_VERIFY_PEER, "mine");
    X509 *cert = tls_cert_new(
        &(struct tls_cert_wish){.common_name = "client", .not_after = tls_clock_now() + 100});
    const struct tls_call call = {.server_name = "a.example", .cert = cert};
    SSL_SESSION *session = tls_get_ticket_from(test, server, &call);

    tls_clock_pass(101);
    tls_counts_begin(test);
    const struct tls_visit visit =
        tls_visit(test, server, &(struct tls_call){.server_name = "a.example", .session = session});
    assert_true(visit.done && !visit.resumed);
    assert_refused_for(STEK_COUNT_CERT_EXPIRED, visit.ticket_count);
    tls_counts_end(test);
    X509_free(cert);
}

/* Two services with one label, of which one asks for certificates: the ticket opens there, and is
 * refused. */
static void a_client_certificate_that_is_missing_is_counted_as_that(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE, "mine");
    SSL_CTX *strict =
        verifying_server(test, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, "mine");
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "client"});
    SSL_SESSION *session = tls_get_ticket_from(test, open, &as_a);

    tls_counts_begin(test);
    const struct tls_visit visit =
        tls_visit(test, strict,
                  &(struct tls_call){.server_name = "a.example", .session = session, .cert = cert});
    assert_full(visit);
    assert_refused_for(STEK_COUNT_CERT_MISSING, visit.ticket_count);
    tls_counts_end(test);
    X509_free(cert);
}

/* Our callbacks have let it pass; libssl itself refuses it, and tells no callback. */
static void a_ticket_of_another_session_id_context_is_taken_back(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *mine = verifying_server(test, SSL_VERIFY_NONE, "mine");
    SSL_CTX *yours = verifying_server(test, SSL_VERIFY_NONE, "yours");
    SSL_SESSION *session = tls_get_ticket_from(test, mine, &as_a);

    tls_counts_begin(test);
    const struct tls_visit visit =
        tls_visit(test, yours, &(struct tls_call){.server_name = "a.example", .session = session});
    assert_full(visit);
    assert_refused_for(STEK_COUNT_ID_CONTEXT, visit.ticket_count);
    tls_counts_end(test);
}

static void
where_libssl_would_answer_with_an_alert_it_is_counted_as_the_session_id_context(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = verifying_server(test, SSL_VERIFY_NONE, "");
    SSL_CTX *verifying = verifying_server(test, SSL_VERIFY_PEER, "");
    SSL_SESSION *session = tls_get_ticket_from(test, open, &as_a);

    tls_counts_begin(test);
    assert_full(tls_visit(test, verifying,
                          &(struct tls_call){.server_name = "a.example", .session = session}));
    assert_int_equal(stats_sum_of(STEK_COUNT_ID_CONTEXT), 1);
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 0);
    assert_true(stats_sum_of(STEK_COUNT_NOT_SEALED) > 0); /* nor does it get a ticket there */
    tls_counts_end(test);
}

/* Also where its context is chosen anew, since the program set other keys. */
static void an_ssl_ctx_of_a_program_that_verifies_peers_is_counted_once(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *verifying = tls_server_for(test, "a.example");
    unsigned char keys[80] = {1};

    tls_server_verify(verifying, SSL_VERIFY_PEER);
    tls_server_id_context(verifying, "mine");
    tls_attach(test, verifying, NULL);
    tls_counts_begin(test);
    assert_full(tls_visit(test, verifying, &as_a));
    assert_int_equal(stats_sum_of(STEK_COUNT_VERIFIED_PEERS), 1);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(verifying, keys, sizeof keys), 1);
    assert_full(tls_visit(test, verifying, &as_a));
    assert_int_equal(stats_sum_of(STEK_COUNT_VERIFIED_PEERS), 1);
    assert_full(tls_visit(test, test->server, &as_a));
    assert_int_equal(stats_sum_of(STEK_COUNT_VERIFIED_PEERS), 2);
    tls_counts_end(test);
}

static void visits_without_tickets_are_not_counted(void **state)
{
    struct tls_test *test = *state;

    tls_counts_begin(test);
    SSL_CTX_set_options(test->server, SSL_OP_NO_TICKET);
    assert_full(tls_visit(test, test->server, &as_a));
    assert_counted(0, 0, 0);
    tls_counts_end(test);
}

int main(void)
{
    static const struct tls_behaviour counters[] = {
        TLS_BEHAVIOUR(tickets_that_clients_get_are_counted, TLS_ANY),
        TLS_BEHAVIOUR(a_resumption_is_counted_and_the_ticket_that_it_gives, TLS_ANY),
        TLS_BEHAVIOUR(a_ticket_that_is_renewed_under_a_newer_key_is_counted_as_such, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_under_no_key_of_the_ring_is_unknown, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_with_a_wrong_mac_is_damaged, TLS_ALL),
        TLS_BEHAVIOUR(a_chain_over_its_cap_is_counted_as_max_session_age, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_for_another_server_name_is_counted_as_that, TLS_ALL),
        TLS_BEHAVIOUR(a_client_certificate_that_has_expired_is_counted_as_that, TLS_ALL),
        TLS_BEHAVIOUR(a_client_certificate_that_is_missing_is_counted_as_that, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_of_another_session_id_context_is_taken_back, TLS_ALL),
        TLS_BEHAVIOUR(
            where_libssl_would_answer_with_an_alert_it_is_counted_as_the_session_id_context,
            TLS_ALL),
        TLS_BEHAVIOUR(an_ssl_ctx_of_a_program_that_verifies_peers_is_counted_once, TLS_ALL),
        TLS_BEHAVIOUR(visits_without_tickets_are_not_counted, TLS12 | TLS13),
    };

    return TLS_RUN(counters);
}
