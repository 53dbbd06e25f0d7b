/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer may put anything into the directory of stats: readers neither crash, nor wait, nor
 * believe it. */
#include "stats_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEALED = 7, NOBODY = 65534 };

#define NAME "1-0123456789abcdef"

/* One honest consumer beside whatever else there is. */
static struct stek_stats *honest(void)
{
    struct stek_stats *stats = stats_open();

    for (int i = 0; i < SEALED; i++)
        stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    return stats;
}

static void assert_only_the_honest_one_counts(unsigned ignored)
{
    const struct stek_stats_sum sum = stats_sum();

    assert_int_equal(sum.count[STEK_COUNT_SEALED], SEALED);
    assert_int_equal(sum.files, 1);
    assert_int_equal(sum.files_ignored, ignored);
    assert_false(stats_aggregate());
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
}

static void files_of_another_size_magic_or_version_are_ignored(void **state)
{
    struct stek_stats *stats = honest();
    uint8_t bytes[STEK_STATS_FILE_LEN + 1] = {0};

    (void)state;
    stats_make_page(bytes, 99);
    stats_write_file("1-0000000000000001", bytes, 0);
    stats_write_file("1-0000000000000002", bytes, STEK_STATS_FILE_LEN - 1);
    stats_write_file("1-0000000000000003", bytes, STEK_STATS_FILE_LEN + 1);
    bytes[0] ^= 1;
    stats_write_file("1-0000000000000004", bytes, STEK_STATS_FILE_LEN);
    bytes[0] ^= 1;
    bytes[8]++;
    stats_write_file("1-0000000000000005", bytes, STEK_STATS_FILE_LEN);
    assert_only_the_honest_one_counts(5);
    stek_stats_unmap(stats);
}

static void names_that_no_consumer_makes_are_ignored(void **state)
{
    static const char *const names[] = {"total",
                                        "1",
                                        "1-",
                                        "1-0123456789ABCDEF",
                                        "1-0123456789abcdef0",
                                        "-0123456789abcdef",
                                        "12345678901-0123456789abcdef",
                                        "x-0123456789abcdef"};
    struct stek_stats *stats = honest();
    uint8_t bytes[STEK_STATS_FILE_LEN];

    (void)state;
    stats_make_page(bytes, 99);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        stats_write_file(names[i], bytes, sizeof bytes);
    assert_only_the_honest_one_counts(sizeof names / sizeof *names);
    stek_stats_unmap(stats);
}

static void numbers_that_no_server_reaches_are_ignored(void **state)
{
    struct stek_stats *stats = honest();
    uint8_t bytes[STEK_STATS_FILE_LEN];

    (void)state;
    stats_make_page(bytes, STEK_STATS_COUNT_MAX + 1);
    stats_write_file(NAME, bytes, sizeof bytes);
    assert_only_the_honest_one_counts(1);
    stek_stats_unmap(stats);
}

static void sums_never_overflow(void **state)
{
    uint8_t bytes[STEK_STATS_FILE_LEN];

    (void)state;
    for (int i = 0; i < 3; i++) {
        stats_make_page(bytes, STEK_STATS_COUNT_MAX);
        stats_write_file(NAME, bytes, sizeof bytes);
        assert_true(stats_sum_of(STEK_COUNT_SEALED) >= STEK_STATS_COUNT_MAX);
        assert_false(stats_aggregate());
        assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), STEK_STATS_COUNT_MAX);
    }
}

static void fifos_and_directories_are_ignored_without_waiting(void **state)
{
    struct stek_stats *stats = honest();

    (void)state;
    assert_int_equal(mkfifoat(stats_dir(), "2-0123456789abcdef", 0644), 0);
    assert_int_equal(mkdirat(stats_dir(), "3-0123456789abcdef", 0755), 0);
    assert_only_the_honest_one_counts(2);
    assert_int_equal(unlinkat(stats_dir(), "3-0123456789abcdef", AT_REMOVEDIR), 0);
    stek_stats_unmap(stats);
}

/* A sound stats file outside the directory. */
static void write_outside(void)
{
    uint8_t bytes[STEK_STATS_FILE_LEN];

    stats_make_page(bytes, 99);
    const int file = openat(stats_run_dir(), "outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(file, bytes, sizeof bytes), sizeof bytes);
    close(file);
}

static void symbolic_links_are_not_followed(void **state)
{
    struct stek_stats *stats = honest();

    (void)state;
    write_outside();
    assert_int_equal(symlinkat("../outside", stats_dir(), "4-0123456789abcdef"), 0);
    assert_int_equal(symlinkat("/dev/zero", stats_dir(), "5-0123456789abcdef"), 0);
    assert_only_the_honest_one_counts(2);
    assert_int_equal(unlinkat(stats_run_dir(), "outside", 0), 0);
    stek_stats_unmap(stats);
}

/* Else a hard link to another user's file would make it count twice. */
static void hard_links_do_not_count(void **state)
{
    struct stek_stats *stats = honest();

    (void)state;
    write_outside();
    assert_int_equal(linkat(stats_run_dir(), "outside", stats_dir(), "6-0123456789abcdef", 0), 0);
    assert_only_the_honest_one_counts(1);
    assert_int_equal(unlinkat(stats_run_dir(), "outside", 0), 0);
    stek_stats_unmap(stats);
}

/* A user who holds a lease on a file makes others' open(2) wait for up to 45 seconds. */
static void a_lease_makes_nobody_wait(void **state)
{
    struct stek_stats *stats = honest();
    uint8_t bytes[STEK_STATS_FILE_LEN];
    struct timespec begin;
    struct timespec end;

    (void)state;
    stats_make_page(bytes, 99);
    stats_write_file(NAME, bytes, sizeof bytes);
    (void)signal(SIGIO, SIG_IGN);
    const int file = openat(stats_dir(), NAME, O_RDWR | O_CLOEXEC);
    assert_int_equal(fcntl(file, F_SETLEASE, F_WRLCK), 0);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_only_the_honest_one_counts(1);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 20);
    close(file);
    stek_stats_unmap(stats);
}

struct vandal {
    atomic_bool stop;
    pthread_t thread;
};

static void *truncates(void *arg)
{
    struct vandal *vandal = arg;
    const int file = openat(stats_dir(), NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    uint8_t bytes[STEK_STATS_FILE_LEN];

    stats_make_page(bytes, 0);
    while (!atomic_load(&vandal->stop)) {
        (void)!pwrite(file, bytes, sizeof bytes, 0);
        (void)!ftruncate(file, 100);
        (void)!ftruncate(file, 0);
    }
    close(file);
    return NULL;
}

static void a_file_that_is_truncated_while_it_is_read_harms_nobody(void **state)
{
    struct stek_stats *stats = honest();
    struct vandal vandal = {.stop = false};

    (void)state;
    assert_int_equal(pthread_create(&vandal.thread, NULL, truncates, &vandal), 0);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
    atomic_store(&vandal.stop, true);
    assert_int_equal(pthread_join(vandal.thread, NULL), 0);
    stek_stats_unmap(stats);
}

static void more_files_than_are_looked_at_are_said_to_be_too_many(void **state)
{
    char name[STEK_STATS_NAME_LEN];

    (void)state;
    for (unsigned i = 0; i < STEK_STATS_READ_STEPS + 500; i++) {
        (void)snprintf(name, sizeof name, "1-%016x", i);
        stats_write_file(name, NULL, 0);
    }
    const struct stek_stats_sum sum = stats_sum();
    assert_true(sum.incomplete);
    assert_true(sum.files_ignored >= STEK_STATS_READ_STEPS / 2); /* some cost more than a step */
    assert_true(sum.files_ignored <= STEK_STATS_READ_STEPS);
    assert_true(stats_aggregate());
}

/* Garbage that has not changed for an hour goes; what is being made just now has another clock
 * than ours. */
static void young_garbage_stays(void **state)
{
    (void)state;
    stats_write_file(NAME, "x", 1);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
}

/* Processes are asked about one by one, so a file may not list more than are asked about in a
 * reasonable time. */
static void a_file_that_lists_everybody_is_read_in_bounded_time(void **state)
{
    struct stek_stats_page page;
    uint8_t bytes[STEK_STATS_FILE_LEN];
    char name[STEK_STATS_NAME_LEN];

    (void)state;
    stats_make_page(bytes, 0);
    memcpy(&page, bytes, sizeof page);
    for (unsigned i = 0; i < STEK_STATS_PROCESSES; i++) {
        atomic_store(&page.process[i].pid, (uint64_t)getpid());
        atomic_store(&page.process[i].entered, UINT64_MAX - 2);
    }
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "1-%016x", i);
        stats_write_file(name, &page, sizeof page);
    }
    const struct stek_stats_sum sum = stats_sum();
    assert_int_equal(sum.processes, STEK_STATS_PROCESSES_OF_USER_MAX);
    assert_true(sum.incomplete);
    assert_int_equal(sum.consumer_count, STEK_STATS_CONSUMERS_MAX);
}

/* Becomes a member of the ring's group that did not make the file. */
static void become_a_neighbour(void)
{
    CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static void child_attacks(int fd, void *arg)
{
    const char *name = arg;

    (void)fd;
    become_a_neighbour();
    CHECK(openat(stats_dir(), name, O_WRONLY | O_CLOEXEC) < 0);
    CHECK(openat(stats_dir(), name, O_WRONLY | O_TRUNC | O_CLOEXEC) < 0);
    CHECK(unlinkat(stats_dir(), name, 0) != 0);
    CHECK(renameat(stats_dir(), name, stats_dir(), NAME) != 0);
    /* But it may make its own. */
    struct stek_stats *own = stek_stats_create(stats_run_dir(), STATS_RING);
    CHECK(own != NULL);
    stek_stats_count(own, STEK_COUNT_SEALED, STATS_NOW);
}

static void find_file(char ret_name[STEK_STATS_NAME_LEN])
{
    struct stek_stats_walk *walk = stek_stats_walk_open(stats_run_dir(), STATS_RING, 100);

    assert_int_equal(stek_stats_walk_next(walk), STEK_STATS_FOUND_FILE);
    (void)snprintf(ret_name, STEK_STATS_NAME_LEN, "%.31s", walk->name);
    stek_stats_walk_close(walk);
}

static void
a_neighbour_in_the_group_cannot_write_truncate_or_remove_the_file_of_another(void **state)
{
    struct stek_stats *stats = honest();
    char name[STEK_STATS_NAME_LEN];

    (void)state;
    if (geteuid() != 0) {
        stek_stats_unmap(stats);
        skip(); /* only root can be somebody else */
    }
    assert_int_equal(fchmod(stats_run_dir(), 0755), 0);
    assert_int_equal(stek_stats_make_dir(stats_run_dir(), STATS_RING, NOBODY), STEK_OK);
    find_file(name);
    child_run(child_attacks, name);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED + 1);
    stek_stats_unmap(stats);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, stats_setup, stats_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(files_of_another_size_magic_or_version_are_ignored),
        CASE(names_that_no_consumer_makes_are_ignored),
        CASE(numbers_that_no_server_reaches_are_ignored),
        CASE(sums_never_overflow),
        CASE(fifos_and_directories_are_ignored_without_waiting),
        CASE(symbolic_links_are_not_followed),
        CASE(hard_links_do_not_count),
        CASE(a_lease_makes_nobody_wait),
        CASE(a_file_that_is_truncated_while_it_is_read_harms_nobody),
        CASE(more_files_than_are_looked_at_are_said_to_be_too_many),
        CASE(young_garbage_stays),
        CASE(a_file_that_lists_everybody_is_read_in_bounded_time),
        CASE(a_neighbour_in_the_group_cannot_write_truncate_or_remove_the_file_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
