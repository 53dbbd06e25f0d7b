/* SPDX-License-Identifier: Apache-2.0 */
/* Programs whose own session-ticket callbacks call those of stek.h. */
#include "tls_tickets.h"

#include "stek.h"

static const struct tls_call as_a = {.server_name = "a.example"};
static unsigned generated;
static unsigned decrypted;
static int refuses;
static const char *note;

static int generate(SSL *ssl, void *arg)
{
    (void)arg;
    generated++;
    const int answer = stek_ticket_gen_cb(ssl, NULL);
    if (note != NULL)
        assert_int_equal(SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), note, 4), 1);
    return answer;
}

static SSL_TICKET_RETURN decrypt(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                 size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    (void)arg;
    decrypted++;
    const SSL_TICKET_RETURN answer = stek_ticket_dec_cb(ssl, session, name, name_len, status, NULL);
    return refuses ? SSL_TICKET_RETURN_IGNORE_RENEW : answer;
}

static void take_callbacks(SSL_CTX *server)
{
    generated = decrypted = 0;
    refuses = 0;
    note = NULL;
    assert_int_equal(SSL_CTX_set_session_ticket_cb(server, generate, decrypt, NULL), 1);
}

static struct tls_visit come_back_to(struct tls_test *test, SSL_CTX *server, SSL_SESSION *session)
{
    return tls_visit(test, server,
                     &(struct tls_call){.server_name = "a.example", .session = session});
}

static void both_are_called(void **state)
{
    struct tls_test *test = *state;

    take_callbacks(test->server);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_true(generated > 0);
    assert_true(decrypted > 0);
}

static void tickets_open_at_another_server_of_the_same_names(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "a.example");

    tls_attach(test, other, NULL);
    take_callbacks(test->server);
    const struct tls_visit visit = come_back_to(test, other, tls_get_ticket(test));
    assert_resumed(visit);
    assert_resumed(tls_come_back(test, tls_get_ticket_from(test, other, &as_a)));
}

static void no_chain_of_sessions_outlives_the_cap(void **state)
{
    struct tls_test *test = *state;
    const struct stek_policy policy = {.rotate_s = 600, .accept_s = 3600, .max_session_age_s = 900};

    tls_use_policy(test, &policy);
    take_callbacks(test->server);
    SSL_SESSION *session = tls_get_ticket(test);
    tls_clock_pass(700);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    tls_clock_pass(300);
    assert_full(tls_come_back(test, visit.session));
}

static void another_server_name_makes_a_full_handshake(void **state)
{
    struct tls_test *test = *state;

    take_callbacks(test->server);
    const struct tls_call as_b = {.server_name = "b.example", .session = tls_get_ticket(test)};
    assert_full(tls_visit(test, test->server, &as_b));
}

static void the_program_may_refuse_what_stek_takes(void **state)
{
    struct tls_test *test = *state;

    take_callbacks(test->server);
    SSL_SESSION *session = tls_get_ticket(test);
    refuses = 1;
    assert_full(tls_come_back(test, session));
}

static void appdata_of_the_programs_makes_a_ticket_for_this_server_only(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *other = tls_server_for(test, "a.example");

    tls_attach(test, other, NULL);
    take_callbacks(test->server);
    note = "note";
    SSL_SESSION *session = tls_get_ticket(test);
    assert_full(come_back_to(test, other, session));
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

static void a_server_that_is_not_attached_resumes_as_without_callbacks(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *plain = tls_server_for(test, "a.example");

    take_callbacks(plain);
    assert_resumed(come_back_to(test, plain, tls_get_ticket_from(test, plain, &as_a)));
    assert_full(come_back_to(test, plain, tls_get_ticket(test)));
}

int main(void)
{
    static const struct tls_behaviour own_callbacks[] = {
        TLS_BEHAVIOUR(both_are_called, TLS_ALL),
        TLS_BEHAVIOUR(tickets_open_at_another_server_of_the_same_names, TLS_ALL),
        TLS_BEHAVIOUR(no_chain_of_sessions_outlives_the_cap, TLS_ALL),
        TLS_BEHAVIOUR(another_server_name_makes_a_full_handshake, TLS_ALL),
        TLS_BEHAVIOUR(the_program_may_refuse_what_stek_takes, TLS_ALL),
        TLS_BEHAVIOUR(appdata_of_the_programs_makes_a_ticket_for_this_server_only, TLS_ALL),
        TLS_BEHAVIOUR(a_server_that_is_not_attached_resumes_as_without_callbacks, TLS_ALL),
    };

    return TLS_RUN(own_callbacks);
}
