/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that share a ring by the real clock, rotating every second, while they are killed and
 * replaced at random. Each posts the keys that it seals with on a board, and opens what all the
 * others have posted.
 */
#include "unit.h"

#include "prng.h"
#include "ring_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    WORKERS = 8,
    RUN_MS = 10000,
    DEADLINE_MS = 60000,
    TICKETS_PER_MS = 10,
    TICKETS_MAX = DEADLINE_MS * TICKETS_PER_MS + WORKERS,
    EARLIER = 4000,   /* a new worker opens so many tickets that were sealed before its time */
    ABANDONED = 1000, /* a place on the board that was still empty so many tickets ago was a killed
                         worker's */
    KEYS_MAX = 64
};

static const struct stek_policy policy = {.rotate_s = 1, .accept_s = 5};

struct ticket {
    atomic_bool posted;
    int64_t accept_until;
    struct stek_ticket_key key;
};

struct board {
    struct stek_ring *ring;
    int64_t began_ms;
    atomic_bool over;
    atomic_size_t count;
    atomic_size_t sealed[WORKERS];
    atomic_size_t opened[WORKERS];
    struct ticket ticket[TICKETS_MAX];
};

struct worker {
    struct board *board;
    size_t place;
    struct stek_keys *keys;
    size_t next; /* ticket to open */
};

static int64_t now_us(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t elapsed_ms(const struct board *board)
{
    return now_us() / 1000 - board->began_ms;
}

static void rest(int64_t us)
{
    const struct timespec time = {(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};

    (void)nanosleep(&time, NULL);
}

/* Seals, and posts the key on the next place of the board. */
static void seal_one(struct worker *worker)
{
    struct board *board = worker->board;
    struct stek_seal_key active;

    CHECK(stek_ring_seal(board->ring, worker->keys, time(NULL), &active));
    const size_t place = atomic_fetch_add(&board->count, 1);
    CHECK(place < TICKETS_MAX);
    board->ticket[place].accept_until = active.accept_until;
    board->ticket[place].key = active.key;
    atomic_store(&board->ticket[place].posted, true);
    atomic_fetch_add(&board->sealed[worker->place], 1);
}

/* Whatever another worker sealed must open with the very same key, until it retires. */
static void open_one(struct worker *worker, const struct ticket *ticket)
{
    struct board *board = worker->board;
    struct stek_ticket_key found;
    const enum stek_choice choice =
        stek_ring_find(board->ring, worker->keys, ticket->key.name, false, time(NULL), &found);

    if (choice == STEK_CHOICE_UNKNOWN) {
        CHECK(time(NULL) >= ticket->accept_until);
        return;
    }
    CHECK(memcmp(&found, &ticket->key, sizeof found) == 0);
    atomic_fetch_add(&board->opened[worker->place], 1);
}

static void open_new_ones(struct worker *worker)
{
    struct board *board = worker->board;
    const size_t count = atomic_load(&board->count);

    for (; worker->next < count; worker->next++) {
        const struct ticket *ticket = &board->ticket[worker->next];
        if (atomic_load(&ticket->posted))
            open_one(worker, ticket);
        else if (worker->next + ABANDONED >= count)
            return;
    }
}

static void work(int fd, void *arg)
{
    struct worker *worker = arg;
    struct board *board = worker->board;
    const struct stek_context context = ring_context("forks");
    const size_t count = atomic_load(&board->count);

    (void)fd;
    worker->keys = stek_ring_keys(board->ring, &context);
    worker->next = count > EARLIER ? count - EARLIER : 0;
    while (!atomic_load(&board->over)) {
        if ((int64_t)atomic_load(&board->count) < elapsed_ms(board) * TICKETS_PER_MS)
            seal_one(worker);
        else
            rest(100);
        open_new_ones(worker);
    }
}

static struct child start_worker(struct board *board, size_t place)
{
    struct worker worker = {.board = board, .place = place};

    return child_start(work, &worker);
}

/* Most kills come at any time, and some just after the turn of a second, when workers rotate. */
static void wait_for_next_kill(struct prng *prng)
{
    const int64_t to_next_second_us = 1000000 - now_us() % 1000000;

    if (to_next_second_us < 25000)
        rest(to_next_second_us + prng_between(prng, 0, 500));
    else
        rest(prng_between(prng, 1000, 20000));
}

static unsigned kill_and_replace(struct board *board, struct child *workers)
{
    struct prng prng = {prng_run_seed()};
    unsigned kills = 0;

    while (elapsed_ms(board) < RUN_MS) {
        wait_for_next_kill(&prng);
        const size_t place = (size_t)prng_between(&prng, 0, WORKERS - 1);
        child_kill(&workers[place]);
        workers[place] = start_worker(board, place);
        kills++;
    }
    return kills;
}

/* Waits until each worker that lives now has sealed and opened. */
static void see_each_make_progress(struct board *board)
{
    for (size_t i = 0; i < WORKERS; i++) {
        const size_t sealed = atomic_load(&board->sealed[i]);
        const size_t opened = atomic_load(&board->opened[i]);
        while (atomic_load(&board->sealed[i]) == sealed ||
               atomic_load(&board->opened[i]) == opened) {
            assert_true(elapsed_ms(board) < DEADLINE_MS);
            rest(1000);
        }
    }
}

static size_t distinct_keys(const struct board *board)
{
    const struct ticket *first[KEYS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < board->count; i++) {
        const struct ticket *ticket = &board->ticket[i];
        size_t known = 0;
        while (known < count &&
               memcmp(first[known]->key.name, ticket->key.name, STEK_NAME_LEN) != 0)
            known++;
        if (known == count && ticket->posted) {
            assert_true(count < KEYS_MAX);
            first[count++] = ticket;
        }
    }
    return count;
}

static void report(const struct board *board, unsigned kills)
{
    size_t opened = 0;

    for (size_t i = 0; i < WORKERS; i++)
        opened += board->opened[i];
    print_message("# %u kills, %zu tickets sealed, %zu times opened, %zu keys in %d ms\n", kills,
                  (size_t)board->count, opened, distinct_keys(board), (int)elapsed_ms(board));
}

static void workers_that_are_killed_and_replaced_open_each_others_tickets(void **state)
{
    struct board *board = ring_shared_memory(sizeof *board);
    struct child workers[WORKERS];

    (void)state;
    assert_int_equal(stek_ring_new(&policy, &board->ring), STEK_OK);
    board->began_ms = now_us() / 1000;
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = start_worker(board, i);
    const unsigned kills = kill_and_replace(board, workers);
    see_each_make_progress(board);
    atomic_store(&board->over, true);
    for (size_t i = 0; i < WORKERS; i++)
        child_join(&workers[i]);
    report(board, kills);
    const int64_t seconds = elapsed_ms(board) / 1000;
    assert_between(distinct_keys(board), seconds - 1, seconds + 2);
    stek_ring_free(board->ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_that_are_killed_and_replaced_open_each_others_tickets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
