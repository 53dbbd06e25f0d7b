/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that stand in the server's cache resume as without stek, and that is counted. */
#include "tls_counts.h"
#include "tls_early.h"

#include "tls/sessionid.h"

#include <string.h>

#include <openssl/err.h>

static const struct tls_call as_a = {.server_name = "a.example"};

/* Lets the test's ring count; the server keeps sessions. In TLS 1.3 their ids are tickets. */
static void begin(struct tls_test *test)
{
    tls_counts_begin(test);
    (void)SSL_CTX_set_session_cache_mode(test->server, SSL_SESS_CACHE_SERVER);
    (void)SSL_CTX_set_options(tls_is_13(test) ? test->server : test->client, SSL_OP_NO_TICKET);
}

static void assert_by_id(uint64_t times)
{
    assert_int_equal(stats_sum_of(STEK_COUNT_RESUMED_BY_ID), times);
}

static void a_resumption_by_session_id_is_counted(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    assert_full(first);
    assert_by_id(0);
    SSL_SESSION *session = first.session;
    for (uint64_t i = 1; i <= 5; i++) {
        const struct tls_visit next = tls_come_back(test, session);
        assert_resumed(next);
        assert_by_id(i);
        session = next.session;
    }
    const struct stek_stats_sum sum = stats_sum();
    for (int i = 0; i < STEK_COUNT_RESUMED_BY_ID; i++)
        assert_int_equal(sum.count[i], 0);
    tls_counts_end(test);
}

static void so_is_that_of_a_client_that_would_take_a_ticket(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    assert_resumed(tls_come_back(test, first.session));
    assert_by_id(1);
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 0);
    tls_counts_end(test);
}

static void a_server_that_gives_no_tickets_counts_too(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    (void)SSL_CTX_set_options(test->server, SSL_OP_NO_TICKET);
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    assert_full(first);
    assert_int_equal(first.ticket_count, 0);
    assert_resumed(tls_come_back(test, first.session));
    assert_by_id(1);
    tls_counts_end(test);
}

static void a_session_that_the_cache_has_lost_is_not_counted(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    SSL_CTX_flush_sessions_ex(test->server, 0);
#else
    SSL_CTX_flush_sessions(test->server, 0);
#endif
    assert_full(tls_come_back(test, first.session));
    assert_by_id(0);
    tls_counts_end(test);
}

static void a_ticket_is_not_taken_for_one(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    (void)SSL_CTX_clear_options(test->server, SSL_OP_NO_TICKET);
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 1);
    assert_by_id(0);
    tls_counts_end(test);
}

/* The handshake of a server that reads early data is taken up a second time, without a ClientHello.
 */
static void where_the_server_has_read_early_data_it_is_counted(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    assert_int_equal(SSL_CTX_set_max_early_data(test->server, TLS_EARLY_MAX), 1);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    assert_full(first);
    assert_int_equal(tls_early_visit(test, test->server, first.session), TLS_EARLY_ACCEPTED);
    assert_by_id(1);
    tls_counts_end(test);
}

/* libssl's own client names its versions the other way round. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int consider_12_too(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    stek_session_id_watch(ssl, stek_attachment_get0(ssl), TLS1_2_VERSION);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Its ClientHello has a session id that means nothing (RFC 9846 appendix D.4). */
static void nor_is_one_of_a_client_whose_first_choice_is_another_version(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    (void)SSL_CTX_clear_options(test->server, SSL_OP_NO_TICKET);
    SSL_CTX_set_client_hello_cb(test->server, consider_12_too, NULL);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 1);
    assert_by_id(0);
    tls_counts_end(test);
}

/* A visit whose SSL at the server the test frees. */
static SSL *visit_and_keep(struct tls_test *test, SSL_SESSION *session, struct tls_visit *ret_visit)
{
    SSL *server = SSL_new(test->server);

    assert_non_null(server);
    assert_int_equal(SSL_up_ref(server), 1);
    tls_talk(test->client, test->server,
             &(struct tls_call){.server_name = "a.example", .session = session, .server = server},
             ret_visit);
    return server;
}

static SSL *resume_and_keep(struct tls_test *test)
{
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    struct tls_visit next;

    assert_full(first);
    SSL *server = visit_and_keep(test, first.session, &next);
    (void)tls_keep(test, next.session);
    assert_resumed(next);
    return server;
}

static void it_is_counted_when_the_connection_is_freed(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    SSL *server = resume_and_keep(test);
    assert_by_id(0);
    SSL_free(server);
    assert_by_id(1);
    tls_counts_end(test);
}

#if OPENSSL_VERSION_NUMBER < 0x30000000L
/* OpenSSL 1.1.1 sends tickets with a handshake only: the test is skipped there. */
#define SSL_new_session_ticket(ssl) ((void)(ssl), 0)
#endif

static void further_tickets_of_a_connection_are_not_counted_again(void **state)
{
    struct tls_test *test = *state;

    if (OPENSSL_VERSION_NUMBER < 0x30000000L)
        skip();
    begin(test);
    SSL *server = resume_and_keep(test);
    SSL_set_shutdown(server, 0);
    assert_int_equal(SSL_new_session_ticket(server), 1);
    SSL_free(server);
    assert_by_id(1);
    tls_counts_end(test);
}

/* Most clients close a connection without a word, which libssl takes for an error. */
static void a_connection_that_ends_in_an_error_counts(void **state)
{
    struct tls_test *test = *state;
    char byte;

    begin(test);
    SSL *server = resume_and_keep(test);
    SSL_set_shutdown(server, 0);
    SSL_set0_rbio(server, BIO_new_mem_buf("", 0));
    (void)BIO_set_mem_eof_return(SSL_get_rbio(server), 0);
    assert_int_equal(SSL_read(server, &byte, 1), 0);
    ERR_clear_error();
    SSL_free(server);
    assert_by_id(1);
    tls_counts_end(test);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int switch_by_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    return SSL_set_SSL_CTX(ssl, arg) != NULL ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The SSL_CTX that accepted it may be gone before the connection is. */
static void a_connection_that_has_changed_its_ssl_ctx_counts(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "b.example");

    begin(test);
    tls_attach(test, other, NULL);
    (void)SSL_CTX_set_tlsext_servername_callback(test->server, switch_by_name);
    (void)SSL_CTX_set_tlsext_servername_arg(test->server, other);
    SSL *server = resume_and_keep(test);
    for (size_t i = 0; i < test->server_count; i++)
        if (test->servers[i] == test->server)
            test->servers[i] = NULL;
    SSL_CTX_free(test->server);
    test->server = NULL;
    SSL_free(server);
    assert_by_id(1);
    tls_counts_end(test);
}

/* The session is found, and then the client turns out not to offer its cipher: libssl ends it. */
static void where_the_handshake_ends_at_once_nothing_is_counted(void **state)
{
    struct tls_test *test = *state;
    struct tls_visit visit;

    begin(test);
    assert_int_equal(SSL_CTX_set_cipher_list(
                         test->client, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"),
                     1);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    assert_full(first);
    assert_int_equal(SSL_CTX_set_cipher_list(
                         test->client, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"),
                     1);
    SSL *server = visit_and_keep(test, first.session, &visit);
    assert_int_equal(SSL_session_reused(server), 1);
    assert_int_not_equal(SSL_get_state(server), TLS_ST_OK);
    SSL_free(server);
    assert_by_id(0);
    SSL_SESSION_free(visit.session);
    ERR_clear_error();
    tls_counts_end(test);
}

static SSL_SESSION *offer_session(struct tls_test *test, SSL *server, SSL_SESSION *session)
{
    struct tls_visit visit;

    assert_int_equal(SSL_up_ref(server), 1);
    tls_talk(test->client, test->server,
             &(struct tls_call){.server_name = "a.example", .session = session, .server = server},
             &visit);
    assert_resumed(visit);
    return tls_keep(test, visit.session);
}

/* An SSL that is cleared and used again says at its end how its last handshake went. */
static void a_ticket_on_an_ssl_that_was_cleared_is_not_taken_for_one(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    SSL_SESSION *by_id = tls_visit(test, test->server, &as_a).session;
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    SSL_SESSION *by_ticket = tls_get_ticket(test);
    SSL *server = SSL_new(test->server);
    assert_non_null(server);
    (void)offer_session(test, server, by_id);
    assert_int_equal(SSL_clear(server), 1);
    (void)offer_session(test, server, by_ticket);
    SSL_free(server);
    assert_by_id(0);
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 1);
    tls_counts_end(test);
}

/* ---- the program's own callback ---- */

static unsigned all, heard, seen;
static bool ssl_has_own; /* else its SSL_CTX alone has one */

static void listen_to(const SSL *ssl, int where, int ret)
{
    (void)where, (void)ret;
    heard += SSL_get_info_callback(ssl) == (ssl_has_own ? listen_to : NULL);
    all++;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int look_at_own_callback(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    seen++;
    if (ssl_has_own)
        assert_ptr_equal(SSL_get_info_callback(ssl), listen_to);
    else
        assert_null(SSL_get_info_callback(ssl));
    return SSL_TLSEXT_ERR_OK;
}

/* libssl has no other callback that would tell. stek must not borrow it: the program would see that
 * in its own callbacks. */
static void an_info_callback_is_the_programs_all_the_time(void **state)
{
    struct tls_test *test = *state;
    struct tls_visit next;

    begin(test);
    all = heard = seen = 0;
    ssl_has_own = false;
    (void)SSL_CTX_set_tlsext_servername_callback(test->server, look_at_own_callback);
    SSL_CTX_set_info_callback(test->server, listen_to);
    const struct tls_visit first = tls_visit(test, test->server, &as_a);
    assert_full(first);
    SSL *server = SSL_new(test->server);
    assert_non_null(server);
    ssl_has_own = true;
    SSL_set_info_callback(server, listen_to);
    assert_int_equal(SSL_up_ref(server), 1);
    tls_talk(
        test->client, test->server,
        &(struct tls_call){.server_name = "a.example", .session = first.session, .server = server},
        &next);
    (void)tls_keep(test, next.session);
    assert_resumed(next);
    assert_int_equal(heard, all);
    assert_int_equal(seen, 2);
    assert_ptr_equal(SSL_get_info_callback(server), listen_to);
    SSL_free(server);
    assert_by_id(1);
    tls_counts_end(test);
}

int main(void)
{
    static const struct tls_behaviour session_ids[] = {
        TLS_BEHAVIOUR(a_resumption_by_session_id_is_counted, TLS_ALL),
        TLS_BEHAVIOUR(so_is_that_of_a_client_that_would_take_a_ticket, TLS_BEFORE_13),
        TLS_BEHAVIOUR(a_server_that_gives_no_tickets_counts_too, TLS_BEFORE_13),
        TLS_BEHAVIOUR(where_the_server_has_read_early_data_it_is_counted, TLS13),
        TLS_BEHAVIOUR(a_session_that_the_cache_has_lost_is_not_counted, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_is_not_taken_for_one, TLS_ALL),
        TLS_BEHAVIOUR(nor_is_one_of_a_client_whose_first_choice_is_another_version, TLS13),
        TLS_BEHAVIOUR(it_is_counted_when_the_connection_is_freed, TLS_ALL),
        TLS_BEHAVIOUR(further_tickets_of_a_connection_are_not_counted_again, TLS13),
        TLS_BEHAVIOUR(a_connection_that_ends_in_an_error_counts, TLS12 | TLS13),
        TLS_BEHAVIOUR(a_connection_that_has_changed_its_ssl_ctx_counts, TLS_ALL),
        TLS_BEHAVIOUR(where_the_handshake_ends_at_once_nothing_is_counted,
                      TLS12 | TLS_ONE_CALLBACK),
        TLS_BEHAVIOUR(a_ticket_on_an_ssl_that_was_cleared_is_not_taken_for_one, TLS12),
        TLS_BEHAVIOUR(an_info_callback_is_the_programs_all_the_time, TLS_ALL),
    };

    return TLS_RUN(session_ids);
}
