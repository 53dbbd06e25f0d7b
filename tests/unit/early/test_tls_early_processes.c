/* SPDX-License-Identifier: Apache-2.0 */
/* Workers of one program, with threads, get the same ClientHello with early data, again and again:
 * one of them accepts it, once. */
#include "tls_early.h"

#include "early/register.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 8, THREADS = 2, REPLAYS = 20000, REPLAYS_KILLED = 800, FLIGHTS = 8 };

/* What all workers share. */
struct crowd {
    atomic_uint accepted[FLIGHTS];
    atomic_uint resumed;
    atomic_uint else_done;
    atomic_uint tried;
};

static struct crowd *crowd;
static struct tls_flight flights[FLIGHTS];

/* Sanitizers are slow. */
static unsigned replays(void)
{
    const char *text = getenv("STEK_TEST_REPLAYS");

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : REPLAYS;
}

static void open_crowd(void)
{
    void *at = mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(at, MAP_FAILED);
    crowd = at;
}

static void replay(SSL_CTX *server, size_t which)
{
    const enum tls_early early = tls_early_replay(server, &flights[which]);

    if (early == TLS_EARLY_ACCEPTED)
        (void)atomic_fetch_add(&crowd->accepted[which], 1);
    else
        (void)atomic_fetch_add(early == TLS_EARLY_RESUMED ? &crowd->resumed : &crowd->else_done, 1);
    (void)atomic_fetch_add(&crowd->tried, 1);
}

static void work(SSL_CTX *server, size_t flight_count, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        replay(server, i % flight_count);
}

static pid_t start(SSL_CTX *server, size_t flight_count, unsigned count)
{
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        work(server, flight_count, count);
        _exit(0);
    }
    return child;
}

static void *work_in_thread(void *server)
{
    work(server, 1, replays() / WORKERS / THREADS);
    return NULL;
}

static pid_t start_with_threads(SSL_CTX *server)
{
    const pid_t child = fork();
    pthread_t threads[THREADS];

    assert_true(child >= 0);
    if (child != 0)
        return child;
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work_in_thread, server) != 0)
            _exit(1);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    _exit(0);
}

static void wait_for(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void workers_and_threads_accept_the_same_client_hello_once(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    pid_t workers[WORKERS];

    open_crowd();
    tls_early_flight(test, tls_get_early_ticket(test, server), &flights[0]);
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = start_with_threads(server);
    for (size_t i = 0; i < WORKERS; i++)
        wait_for(workers[i]);
    assert_int_equal(atomic_load(&crowd->tried), replays());
    assert_int_equal(atomic_load(&crowd->accepted[0]), 1);
    assert_int_equal(atomic_load(&crowd->resumed), replays() - 1);
    assert_int_equal(munmap(crowd, sizeof *crowd), 0);
}

/* A worker takes a signal at any moment, and another one is started in its place. */
static void killed_workers_accept_nothing_twice(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    pid_t workers[WORKERS];

    open_crowd();
    for (size_t i = 0; i < FLIGHTS; i++)
        tls_early_flight(test, tls_get_early_ticket(test, server), &flights[i]);
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = start(server, FLIGHTS, REPLAYS_KILLED / WORKERS);
    for (size_t i = 0; i < WORKERS / 2; i++) {
        const unsigned seen = atomic_load(&crowd->tried);
        while (atomic_load(&crowd->tried) == seen && seen < WORKERS)
            (void)sched_yield();
        (void)kill(workers[i], SIGKILL);
        assert_int_equal(waitpid(workers[i], NULL, 0), workers[i]);
        workers[i] = start(server, FLIGHTS, REPLAYS_KILLED / WORKERS);
    }
    for (size_t i = 0; i < WORKERS; i++)
        wait_for(workers[i]);
    for (size_t i = 0; i < FLIGHTS; i++)
        assert_between(atomic_load(&crowd->accepted[i]), 0, 1);
    assert_int_equal(atomic_load(&crowd->else_done), 0);
    assert_int_equal(munmap(crowd, sizeof *crowd), 0);
}

/* Two workers are forked before the program has given any ticket: the first one draws the
 * program's id, and gives two tickets. It accepts one of them by itself, and the other worker, to
 * which both are replayed, the other one. */
static void workers_that_were_forked_before_the_first_ticket_share_the_register(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    int ends[2];

    open_crowd();
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(atomic_load(&stek_register_get0()->issued), 0);
    const pid_t first = fork();
    assert_true(first >= 0);
    if (first == 0) { /* a client of this one is recorded by the parent */
        for (size_t i = 0; i < 2; i++)
            tls_early_flight(test, tls_get_early_ticket(test, server), &flights[i]);
        replay(server, 0);
        _exit(write(ends[1], flights, sizeof *flights * 2) == sizeof *flights * 2 ? 0 : 1);
    }
    wait_for(first);
    assert_int_equal(read(ends[0], flights, sizeof *flights * 2), sizeof *flights * 2);
    assert_int_equal(atomic_load(&crowd->accepted[0]), 1);
    assert_int_equal(atomic_load(&crowd->accepted[1]), 0);
    wait_for(start(server, 2, REPLAYS_KILLED / WORKERS));
    assert_int_equal(atomic_load(&crowd->accepted[0]), 1);
    assert_int_equal(atomic_load(&crowd->accepted[1]), 1);
    assert_int_equal(atomic_load(&crowd->else_done), 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_int_equal(munmap(crowd, sizeof *crowd), 0);
}

int main(void)
{
    static const struct tls_behaviour processes[] = {
        /* The first: no ticket was given yet. */
        TLS_BEHAVIOUR(workers_that_were_forked_before_the_first_ticket_share_the_register,
                      TLS_ONCE),
        TLS_BEHAVIOUR(workers_and_threads_accept_the_same_client_hello_once, TLS_ONCE),
        TLS_BEHAVIOUR(killed_workers_accept_nothing_twice, TLS_ONCE),
    };

    return TLS_RUN(processes);
}
