/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads shake hands while keys rotate: a second of the clock passes in 50 ms. */
#include "tls_tickets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum {
    THREADS = 8,
    TICKS = 30,
    TICK_MS = 50,
    LAG_MAX_S = 6,
    FIRSTS = 20,
    ACCEPT_S = 40,
    AHEAD = 16
};

/* What the threads share. Failures are counted here, since a thread cannot fail a test. */
struct crowd {
    struct tls_test *test;
    pthread_barrier_t start;
    atomic_bool over;
    atomic_uint failed;  /* handshakes */
    atomic_uint without; /* handshakes that gave no ticket */
    atomic_uint lost;    /* fresh tickets that did not resume */
    atomic_uint resumptions;
    atomic_size_t entered;
    _Atomic int64_t seen[THREADS]; /* by the clock: when each began what it is doing */
};

static void talk(struct crowd *crowd, SSL_SESSION *session, struct tls_visit *ret_visit)
{
    const struct tls_call call = {.server_name = "a.example", .session = session};

    tls_talk(crowd->test->client, crowd->test->server, &call, ret_visit);
    crowd->failed += !ret_visit->done || ret_visit->alerts > 0 || ret_visit->error != 0;
}

static void get_ticket_and_come_back(struct crowd *crowd)
{
    struct tls_visit first;
    struct tls_visit second;
    const int64_t sealed_from = tls_clock_now();

    talk(crowd, NULL, &first);
    crowd->without += first.session == NULL;
    if (first.session == NULL)
        return;
    talk(crowd, first.session, &second);
    crowd->resumptions += second.resumed;
    crowd->lost += !second.resumed && tls_clock_now() - sealed_from < ACCEPT_S;
    SSL_SESSION_free(first.session);
    SSL_SESSION_free(second.session);
}

static void *shake_hands(void *arg)
{
    struct crowd *crowd = arg;
    const size_t self = crowd->entered++;

    crowd->seen[self] = tls_clock_now();
    (void)pthread_barrier_wait(&crowd->start);
    while (!crowd->over) {
        crowd->seen[self] = tls_clock_now();
        get_ticket_and_come_back(crowd);
    }
    return NULL;
}

static void start_threads(struct crowd *crowd, void *(*run)(void *), pthread_t threads[THREADS])
{
    assert_int_equal(pthread_barrier_init(&crowd->start, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, crowd), 0);
}

static void join_threads(struct crowd *crowd, const pthread_t threads[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&crowd->start), 0);
}

static bool somebody_lags(struct crowd *crowd)
{
    bool lags = false;

    for (size_t i = 0; i < THREADS; i++)
        lags = lags || tls_clock_now() - crowd->seen[i] > LAG_MAX_S;
    return lags;
}

/*
 * A second of the clock is long, and a thread that the machine does not let run must not sleep
 * through many of them in the middle of a rotation: the clock waits for it.
 */
static void rotate_often(struct crowd *crowd)
{
    for (int tick = 0; tick < TICKS; tick++) {
        do
            (void)nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
        while (somebody_lags(crowd));
        tls_clock_pass(1);
    }
}

static void no_handshake_fails_and_no_fresh_ticket_is_lost_while_keys_rotate(void **state)
{
    const struct stek_policy policy = {.rotate_s = 1, .accept_s = ACCEPT_S, .ahead = AHEAD};
    struct crowd crowd = {.test = *state};
    pthread_t threads[THREADS];

    tls_use_policy(crowd.test, &policy);
    SSL_SESSION *first = tls_get_ticket(crowd.test);
    start_threads(&crowd, shake_hands, threads);
    rotate_often(&crowd);
    crowd.over = true;
    join_threads(&crowd, threads);
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.without, 0);
    assert_int_equal(crowd.lost, 0);
    assert_true(crowd.resumptions > THREADS);
    assert_false(tls_same_key(first, tls_get_ticket(crowd.test)));
}

static void *come_first(void *arg)
{
    struct crowd *crowd = arg;

    (void)pthread_barrier_wait(&crowd->start);
    get_ticket_and_come_back(crowd);
    return NULL;
}

/* One that never seals: if it were asked, there would be no tickets. */
static int app_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  EVP_MAC_CTX *mac, int enc)
{
    (void)ssl, (void)cipher, (void)mac, (void)enc;
    name[0] = iv[0] = 0;
    return 0;
}

/* The callbacks are set again, and the auto context is found, while all are at it. */
static void threads_that_make_the_first_connection_all_at_once_all_get_tickets(void **state)
{
    struct crowd crowd = {.test = *state};
    pthread_t threads[THREADS];

    (void)tls_get_ticket(crowd.test);
    for (int i = 0; i < FIRSTS; i++) {
        crowd.test->server = tls_server_for(crowd.test, "a.example");
        tls_attach(crowd.test, crowd.test->server, NULL);
        if (crowd.test->mode->override)
            (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(crowd.test->server, app_cb);
        start_threads(&crowd, come_first, threads);
        join_threads(&crowd, threads);
    }
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.without, 0);
    assert_int_equal(crowd.lost, 0);
    assert_int_equal(crowd.resumptions, FIRSTS * THREADS);
}

int main(void)
{
    static const struct tls_behaviour threads[] = {
        TLS_BEHAVIOUR(no_handshake_fails_and_no_fresh_ticket_is_lost_while_keys_rotate, TLS_ALL),
        TLS_BEHAVIOUR(threads_that_make_the_first_connection_all_at_once_all_get_tickets, TLS_ALL),
    };

    return TLS_RUN(threads);
}
