/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that others hold: one stands in libssl's cache, or the program's, and threads resume it
 * all at once, while another one reads it. It stays as the program made it. libssl is not built for
 * ThreadSanitizer, so what it writes for us is seen by helgrind alone: `make check` runs both.
 */
#include "tls_tickets.h"

#include "tls/ossl.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, ROUNDS = 5, TIMEOUT_S = 1000 };

/* Failures are counted, since a thread cannot fail a test. */
struct crowd {
    struct tls_test *test;
    SSL_SESSION *offered; /* the client's */
    SSL_SESSION *held;    /* the server's own object */
    int64_t time;
    pthread_barrier_t start;
    atomic_bool over;
    atomic_uint failed;
    atomic_uint full;
    atomic_uint changed;
};

static struct crowd crowd;

/* SSL_CTX_sess_set_new_cb(3): the first session is kept. */
static int keep_first(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    if (crowd.held != NULL)
        return 0;
    crowd.held = session;
    return 1;
}

/* SSL_CTX_sess_set_get_cb(3): the same object for every thread. */
static SSL_SESSION *get_held(SSL *ssl, const unsigned char *id, int len, int *copies)
{
    (void)ssl, (void)id, (void)len;
    *copies = 1;
    return crowd.held;
}

static void *come_back(void *arg)
{
    (void)arg;
    (void)pthread_barrier_wait(&crowd.start);
    for (int i = 0; i < ROUNDS; i++) {
        /* Of the client's every thread has its own. */
        SSL_SESSION *offered = SSL_SESSION_dup(crowd.offered);
        const struct tls_call call = {.server_name = "a.example", .session = offered};
        struct tls_visit visit;
        tls_talk(crowd.test->client, crowd.test->server, &call, &visit);
        crowd.failed += !visit.done || visit.alerts > 0;
        crowd.full += !visit.resumed;
        SSL_SESSION_free(visit.session);
        SSL_SESSION_free(offered);
    }
    return NULL;
}

static bool is_unchanged(void)
{
    void *bytes = NULL;
    size_t len = 0;
    unsigned int id_context_len = 0;

    (void)SSL_SESSION_get0_ticket_appdata(crowd.held, &bytes, &len);
    (void)SSL_SESSION_get0_id_context(crowd.held, &id_context_len);
    return len == 0 && id_context_len == 5 && SSL_SESSION_get_timeout(crowd.held) == TIMEOUT_S &&
           stek_ossl_session_time(crowd.held) == crowd.time;
}

static void *read_it(void *arg)
{
    (void)arg;
    (void)pthread_barrier_wait(&crowd.start);
    while (!crowd.over)
        crowd.changed += !is_unchanged();
    return NULL;
}

static void all_at_once(void)
{
    pthread_t threads[THREADS], reader;

    assert_int_equal(pthread_barrier_init(&crowd.start, NULL, THREADS + 1), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_it, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_back, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    crowd.over = true;
    assert_int_equal(pthread_join(reader, NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&crowd.start), 0);
}

/* `want_no_tickets`: whose option makes the session stay with the server. */
static void hold_a_session(struct tls_test *test, SSL_CTX *wants_no_tickets)
{
    crowd = (struct crowd){.test = test};
    tls_server_id_context(test->server, "cache");
    (void)SSL_CTX_set_timeout(test->server, TIMEOUT_S);
    SSL_CTX_sess_set_new_cb(test->server, keep_first);
    (void)SSL_CTX_set_num_tickets(test->server,
                                  1); /* the first is the one that the client offers */
    (void)SSL_CTX_set_options(wants_no_tickets, SSL_OP_NO_TICKET);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server_name = "a.example"});
    assert_full(visit);
    crowd.offered = visit.session;
    assert_non_null(crowd.held);
    crowd.time = stek_ossl_session_time(crowd.held);
    (void)SSL_CTX_clear_options(test->client, SSL_OP_NO_TICKET);
    tls_clock_pass(TIMEOUT_S / 2);
}

static void assert_all_resumed_and_nothing_changed(void)
{
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.full, 0);
    assert_int_equal(crowd.changed, 0);
    assert_true(is_unchanged());
    /* Nor has it become older than the program wants. */
    tls_clock_pass(TIMEOUT_S / 2 + 1);
    assert_full(
        tls_visit(crowd.test, crowd.test->server,
                  &(struct tls_call){.server_name = "a.example", .session = crowd.offered}));
    SSL_SESSION_free(crowd.held);
}

/* Before TLS 1.3 the client offers a session id, and would take a ticket. */
static void threads_do_not_change_a_session_in_libssls_cache(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_session_cache_mode(test->server, SSL_SESS_CACHE_SERVER);
    hold_a_session(test, tls_is_13(test) ? test->server : test->client);
    all_at_once();
    assert_all_resumed_and_nothing_changed();
}

static void threads_do_not_change_a_session_that_the_program_hands_to_all(void **state)
{
    struct tls_test *test = *state;

    (void)SSL_CTX_set_session_cache_mode(test->server,
                                         SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_get_cb(test->server, get_held);
    hold_a_session(test, tls_is_13(test) ? test->server : test->client);
    all_at_once();
    assert_all_resumed_and_nothing_changed();
}

int main(void)
{
    static const struct tls_behaviour shared[] = {
        TLS_BEHAVIOUR(threads_do_not_change_a_session_in_libssls_cache,
                      TLS12 | TLS13 | TLS_ONE_CALLBACK),
        TLS_BEHAVIOUR(threads_do_not_change_a_session_that_the_program_hands_to_all,
                      TLS12 | TLS13 | TLS_ONE_CALLBACK),
    };

    return TLS_RUN(shared);
}
