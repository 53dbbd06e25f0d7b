/* SPDX-License-Identifier: Apache-2.0 */
/* Counting: exact, whatever processes and threads do and however they end. */
#include "stats_fixture.h"

#include "ringfile/locked.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 20000, VERY_MANY = 400000, CHILDREN = 5, THREADS = 24 /* more than shards */ };

static void count_many(struct stek_stats *stats, enum stek_counter counter)
{
    for (int i = 0; i < MANY; i++)
        stek_stats_count(stats, counter, STATS_NOW + i / 1000);
}

static void each_counter_counts_for_itself(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    for (int i = 0; i < STEK_COUNTERS; i++)
        for (int times = 0; times <= i; times++)
            stek_stats_count(stats, (enum stek_counter)i, STATS_NOW);
    for (int i = 0; i < STEK_COUNTERS; i++)
        assert_int_equal(stats_sum_of((enum stek_counter)i), i + 1);
    stek_stats_unmap(stats);
}

static void what_did_not_hold_is_taken_back(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_OPENED, STATS_NOW);
    stek_stats_count(stats, STEK_COUNT_OPENED, STATS_NOW);
    stek_stats_correct(stats, STEK_COUNT_OPENED, STEK_COUNT_ID_CONTEXT, STATS_NOW);
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), 1);
    assert_int_equal(stats_sum_of(STEK_COUNT_ID_CONTEXT), 1);
    stek_stats_unmap(stats);
}

static void the_numbers_of_all_programs_are_added_up(void **state)
{
    struct stek_stats *one = stats_open();
    struct stek_stats *other = stats_open();

    (void)state;
    count_many(one, STEK_COUNT_SEALED);
    count_many(other, STEK_COUNT_SEALED);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 2 * MANY);
    assert_int_equal(stats_sum().files, 2);
    stek_stats_unmap(one);
    stek_stats_unmap(other);
}

static pthread_barrier_t all_there;

static void *thread_counts(void *arg)
{
    (void)pthread_barrier_wait(&all_there);
    for (int i = 0; i < VERY_MANY; i++)
        stek_stats_count(arg, STEK_COUNT_OPENED, STATS_NOW);
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    struct stek_stats *stats = stats_open();
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_counts, stats), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_OPENED), THREADS * VERY_MANY);
    pthread_barrier_destroy(&all_there);
    stek_stats_unmap(stats);
}

static void child_counts(int fd, void *arg)
{
    struct stek_stats *stats = arg;

    stek_stats_after_fork(stats);
    count_many(stats, STEK_COUNT_SEALED);
    child_tell(fd, 'd');
    (void)child_hear(fd);
}

static void forks_lose_no_count(void **state)
{
    struct stek_stats *stats = stats_open();
    struct child children[CHILDREN];

    (void)state;
    for (int i = 0; i < CHILDREN; i++)
        children[i] = child_start(child_counts, stats);
    for (int i = 0; i < CHILDREN; i++)
        assert_int_equal(child_hear(children[i].fd), 'd');
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), CHILDREN * MANY);
    assert_int_equal(stats_sum().processes, CHILDREN + 1);
    assert_int_equal(stats_sum().processes_used, CHILDREN);
    for (int i = 0; i < CHILDREN; i++) {
        child_tell(children[i].fd, 'e');
        child_join(&children[i]);
    }
    stek_stats_unmap(stats);
}

static void child_counts_without_end(int fd, void *arg)
{
    atomic_uint *told = arg;
    struct stek_stats *stats = stek_stats_create(stats_run_dir(), STATS_RING);

    CHECK(stats != NULL);
    child_tell(fd, 'b');
    for (;;) {
        stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
        atomic_fetch_add(told, 1);
    }
}

static void what_a_killed_process_had_counted_stays(void **state)
{
    void *shared;

    (void)state;
    assert_int_equal(stek_locked_map(sizeof(atomic_uint), STEK_SHARED_WITH_FORKS, &shared),
                     STEK_OK);
    atomic_uint *told = shared;
    for (int i = 0; i < 20; i++) {
        const uint64_t before = stats_sum_of(STEK_COUNT_SEALED);
        atomic_store(told, 0);
        struct child child = child_start(child_counts_without_end, told);
        assert_int_equal(child_hear(child.fd), 'b');
        while (atomic_load(told) < 1000) {
        }
        child_kill(&child);
        /* The last one may have been counted and not told. */
        const unsigned last = atomic_load(told);
        assert_between(stats_sum_of(STEK_COUNT_SEALED) - before, last, last + 1);
    }
    stek_locked_unmap(shared, sizeof *told);
}

static void a_consumer_is_shown_with_its_latest_ticket(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    assert_int_equal(stats_sum().consumer[0].last_use, 0);
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW + 5);
    const struct stek_stats_sum sum = stats_sum();
    assert_int_equal(sum.consumer_count, 1);
    assert_int_equal(sum.consumer[0].pid, getpid());
    assert_int_equal(sum.consumer[0].last_use, STATS_NOW + 5);
    stek_stats_unmap(stats);
    assert_int_equal(stats_sum().consumer_count, 0);
}

static void child_enters(int fd, void *arg)
{
    (void)fd;
    stek_stats_after_fork(arg);
}

static void the_maker_keeps_its_place_when_more_processes_come_than_there_is_room_for(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    for (int i = 0; i < STEK_STATS_PROCESSES + 5; i++)
        child_run(child_enters, stats);
    assert_int_equal(stats_sum().processes, 1);
    assert_int_equal(stats_sum().consumer[0].pid, getpid());
    stek_stats_unmap(stats);
}

static void contexts_in_use_are_noted_once(void **state)
{
    struct stek_stats *stats = stats_open();
    const struct stek_context one = {4, "shop"};
    const struct stek_context other = {32, {1, 2, 3}};
    struct stek_context found[STEK_STATS_CONTEXTS_MAX];

    (void)state;
    stek_stats_context(stats, &one);
    stek_stats_context(stats, &other);
    stek_stats_context(stats, &one);
    assert_int_equal(
        stek_stats_contexts(stats_run_dir(), STATS_RING, found, STEK_STATS_CONTEXTS_MAX), 2);
    assert_int_equal(found[0].len, 4);
    assert_memory_equal(found[0].bytes, "shop", 4);
    assert_int_equal(found[1].len, 32);
    stek_stats_unmap(stats);
}

static void no_more_contexts_are_noted_than_there_is_room_for(void **state)
{
    struct stek_stats *stats = stats_open();
    struct stek_context found[STEK_STATS_CONTEXTS_MAX];

    (void)state;
    for (int i = 0; i < STEK_STATS_CONTEXTS + 10; i++) {
        const struct stek_context context = {2, {(uint8_t)i, 1}};
        stek_stats_context(stats, &context);
    }
    assert_int_equal(
        stek_stats_contexts(stats_run_dir(), STATS_RING, found, STEK_STATS_CONTEXTS_MAX),
        STEK_STATS_CONTEXTS);
    stek_stats_unmap(stats);
}

static void a_program_that_seals_and_opens_nothing_leaves_no_file(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    assert_int_equal(stats_files(), 1);
    stek_stats_unmap(stats);
    assert_int_equal(stats_files(), 0);
}

static void one_that_counted_anything_leaves_it(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_NOT_SEALED, STATS_NOW);
    stek_stats_unmap(stats);
    assert_int_equal(stats_sum_of(STEK_COUNT_NOT_SEALED), 1);
}

static void one_that_forked_leaves_it_to_its_children(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_before_fork(stats);
    stek_stats_unmap(stats);
    assert_int_equal(stats_files(), 1);
}

static void one_program_has_a_limited_number_of_files(void **state)
{
    struct stek_stats *stats[STEK_STATS_OF_PROGRAM_MAX];

    (void)state;
    for (size_t i = 0; i < STEK_STATS_OF_PROGRAM_MAX; i++)
        stats[i] = stats_open();
    assert_null(stek_stats_create(stats_run_dir(), STATS_RING));
    assert_int_equal(stats_files(), STEK_STATS_OF_PROGRAM_MAX);
    stek_stats_unmap(stats[0]);
    stats[0] = stats_open();
    for (size_t i = 0; i < STEK_STATS_OF_PROGRAM_MAX; i++)
        stek_stats_unmap(stats[i]);
    assert_int_equal(stats_files(), 0);
}

static void without_a_directory_nothing_is_counted_and_nothing_fails(void **state)
{
    struct stek_stats *stats = stek_stats_create(stats_run_dir(), "other");
    const struct stek_context context = {1, "c"};
    struct stek_stats_sum sum;
    unsigned steps = STEK_STATS_READ_STEPS;

    (void)state;
    assert_null(stats);
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    stek_stats_correct(stats, STEK_COUNT_SEALED, STEK_COUNT_OPENED, STATS_NOW);
    stek_stats_context(stats, &context);
    stek_stats_before_fork(stats);
    stek_stats_after_fork(stats);
    stek_stats_unmap(stats);
    assert_int_equal(stek_stats_read(stats_run_dir(), "other", &steps, &sum), STEK_ERR_SYSTEM);
}

static void child_with_a_small_limit(int fd, void *arg)
{
    const struct rlimit limit = {4096, 4096};

    (void)fd, (void)arg;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK(stek_stats_create(stats_run_dir(), STATS_RING) == NULL);
}

static void a_limit_on_files_is_not_run_into(void **state)
{
    (void)state;
    child_run(child_with_a_small_limit, NULL);
    assert_int_equal(stats_files(), 0);
}

static void a_name_that_is_a_path_is_refused(void **state)
{
    (void)state;
    assert_null(stek_stats_create(stats_run_dir(), "../web"));
    assert_null(stek_stats_create(stats_run_dir(), ".web"));
    assert_null(stek_stats_create(stats_run_dir(), ""));
}

static void the_directory_has_the_mode_that_keeps_consumers_apart(void **state)
{
    struct stat about;

    (void)state;
    assert_int_equal(fstat(stats_dir(), &about), 0);
    assert_int_equal(about.st_mode & 07777, 01770);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, stats_setup, stats_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(each_counter_counts_for_itself),
        CASE(what_did_not_hold_is_taken_back),
        CASE(the_numbers_of_all_programs_are_added_up),
        CASE(threads_lose_no_count),
        CASE(forks_lose_no_count),
        CASE(what_a_killed_process_had_counted_stays),
        CASE(a_consumer_is_shown_with_its_latest_ticket),
        CASE(the_maker_keeps_its_place_when_more_processes_come_than_there_is_room_for),
        CASE(contexts_in_use_are_noted_once),
        CASE(no_more_contexts_are_noted_than_there_is_room_for),
        CASE(a_program_that_seals_and_opens_nothing_leaves_no_file),
        CASE(one_that_counted_anything_leaves_it),
        CASE(one_that_forked_leaves_it_to_its_children),
        CASE(one_program_has_a_limited_number_of_files),
        CASE(without_a_directory_nothing_is_counted_and_nothing_fails),
        CASE(a_limit_on_files_is_not_run_into),
        CASE(a_name_that_is_a_path_is_refused),
        CASE(the_directory_has_the_mode_that_keeps_consumers_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
