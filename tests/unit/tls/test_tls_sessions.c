/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to others: the program's session-ticket callbacks and appdata, and sessions that
 * stand in libssl's cache. */
#include "tls_spy.h"
#include "tls_tickets.h"

#include "tls/attachment.h"

#include <string.h>

static const struct tls_call as_a = {.server_name = "a.example"};
static const char note[] = "authenticated";
static unsigned notes_seen;

static int write_note(SSL *ssl, void *arg)
{
    (void)arg;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), note, sizeof note);
}

static SSL_TICKET_RETURN read_note(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    void *bytes = NULL;
    size_t len = 0;

    (void)ssl, (void)name, (void)name_len, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_SESSION_get0_ticket_appdata(session, &bytes, &len) == 1 && len == sizeof note &&
        memcmp(bytes, note, len) == 0)
        notes_seen++;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static void take_callbacks(SSL_CTX *server)
{
    assert_int_equal(SSL_CTX_set_session_ticket_cb(server, write_note, read_note, NULL), 1);
}

static struct tls_visit come_back_to(struct tls_test *test, SSL_CTX *server, SSL_SESSION *session)
{
    return tls_visit(test, server,
                     &(struct tls_call){.server_name = "a.example", .session = session});
}

static void the_programs_appdata_comes_back_to_it(void **state)
{
    struct tls_test *test = *state;

    take_callbacks(test->server);
    notes_seen = 0;
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_int_equal(notes_seen, 1);
}

static void the_programs_callbacks_stay_after_the_first_handshake(void **state)
{
    struct tls_test *test = *state;

    tls_begin_a_handshake(test->server);
    take_callbacks(test->server);
    notes_seen = 0;
    SSL_SESSION *session = tls_get_ticket(test);
    tls_clock_pass(3600);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    assert_resumed(tls_come_back(test, visit.session));
    assert_int_equal(notes_seen, 2);
}

/* No code may look into a ticket that another server has sealed. */
static void such_tickets_do_not_open_at_another_server_of_the_same_names(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "a.example");

    tls_attach(test, other, NULL);
    take_callbacks(test->server);
    assert_full(come_back_to(test, other, tls_get_ticket(test)));
}

static void nor_does_such_a_server_take_shared_tickets(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "a.example");

    tls_attach(test, other, NULL);
    take_callbacks(test->server);
    (void)tls_get_ticket(test);
    assert_full(tls_come_back(test, tls_get_ticket_from(test, other, &as_a)));
}

/* It is set elsewhere than in a callback for tickets. */
static void write_note_early(const SSL *ssl, int where, int ret)
{
    (void)ret;
    if ((where & SSL_CB_ACCEPT_LOOP) == SSL_CB_ACCEPT_LOOP && SSL_get_session(ssl) != NULL &&
        SSL_session_reused(ssl) != 1)
        (void)SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), note, sizeof note);
}

static void appdata_that_stands_in_the_session_already_stays(void **state)
{
    struct tls_test *test = *state;
    void *bytes = NULL;
    size_t len = 0;

    SSL_CTX_set_info_callback(test->server, write_note_early);
    SSL_SESSION *session = tls_get_ticket(test);
    SSL *server = SSL_new(test->server);
    assert_int_equal(SSL_up_ref(server), 1);
    const struct tls_call again = {
        .server_name = "a.example", .session = session, .server = server};
    assert_resumed(tls_visit(test, test->server, &again));
    assert_int_equal(SSL_SESSION_get0_ticket_appdata(SSL_get_session(server), &bytes, &len), 1);
    assert_int_equal(len, sizeof note);
    SSL_free(server);
}

/* libssl keeps it in its cache, for a ticket that is a session id. */
static void a_stateful_session_keeps_its_timeout(void **state)
{
    struct tls_test *test = *state;
    SSL *server;

    (void)SSL_CTX_set_options(test->server, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_timeout(test->server, 20L * 24 * 3600);
    server = SSL_new(test->server);
    assert_int_equal(SSL_up_ref(server), 1);
    assert_full(tls_visit(test, test->server, &(struct tls_call){.server = server}));
    assert_int_equal(SSL_SESSION_get_timeout(SSL_get_session(server)), 20L * 24 * 3600);
    SSL_free(server);
}

static SSL_SESSION *cached; /* the server's own object, held */

static int keep_cached(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    cached = session;
    return 1;
}

/* The client offers a session id and would take a ticket; other threads may read the session. */
static void a_session_in_libssls_cache_is_not_changed(void **state)
{
    struct tls_test *test = *state;
    void *bytes = NULL;
    size_t len = 0;

    (void)SSL_CTX_set_session_cache_mode(test->server, SSL_SESS_CACHE_SERVER);
    tls_server_id_context(test->server, "cache");
    SSL_CTX_sess_set_new_cb(test->server, keep_cached);
    (void)SSL_CTX_set_timeout(test->server, 3);
    (void)SSL_CTX_set_options(test->client, SSL_OP_NO_TICKET);
    const struct tls_visit visit = tls_visit(test, test->server, &as_a);
    assert_full(visit);
    const int64_t time_before = stek_ossl_session_time(cached);
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    tls_clock_pass(2);
    assert_resumed(tls_come_back(test, visit.session));
    assert_int_equal(stek_ossl_session_time(cached), time_before);
    assert_int_equal(SSL_SESSION_get_timeout(cached), 3);
    (void)SSL_SESSION_get0_ticket_appdata(cached, &bytes, &len);
    assert_int_equal(len, 0);
    tls_clock_pass(2);
    assert_full(tls_come_back(test, visit.session));
    SSL_SESSION_free(cached);
}

int main(void)
{
    static const struct tls_behaviour others[] = {
        TLS_BEHAVIOUR(the_programs_appdata_comes_back_to_it, TLS_ALL),
        TLS_BEHAVIOUR(the_programs_callbacks_stay_after_the_first_handshake, TLS_ALL),
        TLS_BEHAVIOUR(such_tickets_do_not_open_at_another_server_of_the_same_names, TLS_ALL),
        TLS_BEHAVIOUR(nor_does_such_a_server_take_shared_tickets, TLS_ALL),
        TLS_BEHAVIOUR(appdata_that_stands_in_the_session_already_stays, TLS_ALL),
        TLS_BEHAVIOUR(a_stateful_session_keeps_its_timeout, TLS13),
        TLS_BEHAVIOUR(a_session_in_libssls_cache_is_not_changed, TLS12),
    };

    return TLS_RUN(others);
}
