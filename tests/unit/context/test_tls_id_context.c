/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where peers are verified and no session-id context is set, libssl answers a resumption with a
 * fatal alert (SSL_CTX_set_session_id_context(3)). And what else a program may set that leaves no
 * room for tickets.
 */
#include "tls_spy.h"
#include "tls_tickets.h"

static const struct tls_call as_a = {.server_name = "a.example"};

static SSL_CTX *server_with(struct tls_test *test, int verify_mode, const char *id_context)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_verify(server, verify_mode);
    if (id_context != NULL)
        tls_server_id_context(server, id_context);
    tls_attach(test, server, "shared");
    return server;
}

static struct tls_visit come_back_to(struct tls_test *test, SSL_CTX *server, SSL_SESSION *session)
{
    return tls_visit(test, server,
                     &(struct tls_call){.server_name = "a.example", .session = session});
}

static void without_one_a_server_that_verifies_peers_seals_no_ticket(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = server_with(test, SSL_VERIFY_PEER, NULL);
    const struct tls_visit visit = tls_visit(test, server, &as_a);

    assert_full(visit);
    tls_assert_no_ticket(test, &visit);
    assert_full(come_back_to(test, server, visit.session));
}

static void with_one_a_server_that_verifies_peers_resumes(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = server_with(test, SSL_VERIFY_PEER, "mine");

    assert_resumed(come_back_to(test, server, tls_get_ticket_from(test, server, &as_a)));
}

static void a_server_that_verifies_nobody_needs_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = server_with(test, SSL_VERIFY_NONE, NULL);

    assert_resumed(come_back_to(test, server, tls_get_ticket_from(test, server, &as_a)));
}

/* The same label for both: the key fits, so it is for stek to see that libssl would not be content.
 */
static void
without_one_a_server_that_verifies_peers_refuses_a_ticket_from_one_that_does_not(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *open = server_with(test, SSL_VERIFY_NONE, NULL);
    SSL_CTX *verifying = server_with(test, SSL_VERIFY_PEER, NULL);

    assert_full(come_back_to(test, verifying, tls_get_ticket_from(test, open, &as_a)));
}

/* The same SSL_CTX, and so the same auto context: this connection verifies its peer, the one before
 * did not. */
static void
without_one_a_connection_that_verifies_its_peer_refuses_a_ticket_from_one_that_did_not(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);
    SSL *server = SSL_new(test->server);

    SSL_set_verify(server, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(test->server));
    assert_full(tls_visit(
        test, test->server,
        &(struct tls_call){.server_name = "a.example", .session = session, .server = server}));
}

static void a_ticket_from_another_session_id_context_is_refused(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *mine = server_with(test, SSL_VERIFY_NONE, "mine");
    SSL_CTX *yours = server_with(test, SSL_VERIFY_NONE, "yours");

    assert_full(come_back_to(test, yours, tls_get_ticket_from(test, mine, &as_a)));
}

static void a_program_that_wants_no_tickets_gets_none(void **state)
{
    struct tls_test *test = *state;

    tls_spy_place(test, test->server);
    (void)SSL_CTX_set_options(test->server, SSL_OP_NO_TICKET);
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    assert_true(tls_come_back(test, visit.session).done);
    assert_int_equal(tls_spy.seals + tls_spy.opens, 0);
}

static void a_program_that_wants_no_tickets_after_full_handshakes_gets_none(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    assert_int_equal(SSL_CTX_set_num_tickets(test->server, 0), 1);
    struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    assert_int_equal(visit.ticket_count, 0);
    visit = tls_come_back(test, session);
    assert_resumed(visit);
    assert_int_equal(visit.ticket_count, 0);
}

/* libssl then keeps sessions itself, so that none is resumed twice, and asks no ticket key
 * callback. */
static void early_data_with_libssls_protection_from_replay_uses_no_keys(void **state)
{
    struct tls_test *test = *state;

    assert_int_equal(SSL_CTX_set_max_early_data(test->server, 16384), 1);
    tls_spy_place(test, test->server);
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    assert_resumed(tls_come_back(test, visit.session));
    assert_int_equal(tls_spy.seals + tls_spy.opens, 0);
}

static void early_data_without_protection_from_replay_resumes_with_tickets(void **state)
{
    struct tls_test *test = *state;

    assert_int_equal(SSL_CTX_set_max_early_data(test->server, 16384), 1);
    (void)SSL_CTX_set_options(test->server, SSL_OP_NO_ANTI_REPLAY);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

int main(void)
{
    static const struct tls_behaviour session_id_contexts[] = {
        TLS_BEHAVIOUR(without_one_a_server_that_verifies_peers_seals_no_ticket, TLS_ALL),
        TLS_BEHAVIOUR(with_one_a_server_that_verifies_peers_resumes, TLS_ALL),
        TLS_BEHAVIOUR(a_server_that_verifies_nobody_needs_none, TLS_ALL),
        TLS_BEHAVIOUR(
            without_one_a_server_that_verifies_peers_refuses_a_ticket_from_one_that_does_not,
            TLS_ALL),
        TLS_BEHAVIOUR(
            without_one_a_connection_that_verifies_its_peer_refuses_a_ticket_from_one_that_did_not,
            TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_from_another_session_id_context_is_refused, TLS_ALL),
        TLS_BEHAVIOUR(a_program_that_wants_no_tickets_gets_none, TLS_ALL),
        TLS_BEHAVIOUR(a_program_that_wants_no_tickets_after_full_handshakes_gets_none, TLS13),
        TLS_BEHAVIOUR(early_data_with_libssls_protection_from_replay_uses_no_keys, TLS13),
        TLS_BEHAVIOUR(early_data_without_protection_from_replay_resumes_with_tickets, TLS13),
    };

    return TLS_RUN(session_id_contexts);
}
