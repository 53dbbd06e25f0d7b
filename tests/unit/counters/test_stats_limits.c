/* SPDX-License-Identifier: Apache-2.0 */
/* What a member of the ring's group can cause is bounded: files, bytes, processes and work; what is
 * over the limits is left out and said. */
#include "stats_fixture.h"

#include "counters/stats_files.h"
#include "counters/stats_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OVER = 44, USERS = 6 };

/* Files of a living process, each with one sealed, of one user. */
static void make_files(uid_t user, unsigned count)
{
    struct stek_stats_page page;
    uint8_t bytes[STEK_STATS_FILE_LEN];
    char name[STEK_STATS_NAME_LEN];

    stats_make_page(bytes, 1);
    memcpy(&page, bytes, sizeof page);
    atomic_store(&page.process[0].pid, (uint64_t)getpid());
    atomic_store(&page.process[0].entered, UINT64_MAX - 2);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%u-%08x%08x", i + 1, (unsigned)user, i);
        stats_write_file(name, &page, sizeof page);
        if (user != geteuid())
            assert_int_equal(fchownat(stats_dir(), name, user, (gid_t)-1, 0), 0);
    }
}

static void files_over_the_limit_of_a_user_are_left_out_and_said(void **state)
{
    (void)state;
    make_files(geteuid(), STEK_STATS_FILES_OF_USER_MAX + OVER);
    const struct stek_stats_sum sum = stats_sum();
    assert_int_equal(sum.files, STEK_STATS_FILES_OF_USER_MAX);
    assert_int_equal(sum.count[STEK_COUNT_SEALED], STEK_STATS_FILES_OF_USER_MAX);
    assert_int_equal(sum.files_over, OVER);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), STEK_STATS_FILES_OF_USER_MAX + OVER);
}

static void the_files_of_another_user_count_all_the_same(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give files away */
    make_files(1000, STEK_STATS_FILES_OF_USER_MAX + OVER);
    make_files(1001, 3);
    const struct stek_stats_sum sum = stats_sum();
    assert_int_equal(sum.files, STEK_STATS_FILES_OF_USER_MAX + 3);
    assert_int_equal(sum.files_over, OVER);
}

static void a_ring_has_a_limit_of_files_in_all_and_what_is_over_it_goes(void **state)
{
    struct stek_stats_sum sum;

    (void)state;
    if (geteuid() != 0)
        skip();
    for (uid_t user = 1000; user < 1000 + USERS; user++)
        make_files(user, STEK_STATS_FILES_OF_USER_MAX);
    assert_false(stats_aggregate_in(STEK_STATS_READ_STEPS, 0, &sum));
    assert_int_equal(sum.files, STEK_STATS_FILES_MAX);
    assert_int_equal(sum.files_over, USERS * STEK_STATS_FILES_OF_USER_MAX - STEK_STATS_FILES_MAX);
    assert_int_equal(stats_files(), STEK_STATS_FILES_MAX);
}

static void a_file_that_is_too_long_goes_at_once(void **state)
{
    static const uint8_t bytes[STEK_STATS_FILE_LEN + 1];

    (void)state;
    stats_write_file("1-0000000000000001", bytes, sizeof bytes);
    stats_write_file("anything", bytes, sizeof bytes);
    stats_write_file("1-0000000000000002", bytes, sizeof bytes - 1);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
}

static void of_what_is_no_stats_file_a_limited_number_stays_its_hour(void **state)
{
    char name[STEK_STATS_NAME_LEN];

    (void)state;
    for (unsigned i = 0; i < STEK_STATS_FILES_MAX + OVER; i++) {
        (void)snprintf(name, sizeof name, "1-%016x", i);
        stats_write_file(name, "x", 1);
    }
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), STEK_STATS_FILES_MAX);
}

static void a_round_goes_on_where_it_stopped_however_small_its_steps(void **state)
{
    enum { FILES = 200, STEPS = 10 };
    struct stek_stats_scan *scan = stek_stats_scan_new(stats_run_dir(), STATS_RING, 0);
    unsigned turns = 1;

    (void)state;
    make_files(geteuid(), FILES);
    while (!stek_stats_scan_go_on(scan, STEPS)) {
        assert_null(stek_stats_scan_latest(scan));
        turns++;
    }
    assert_true(turns >= 2 * FILES / (STEPS + 1));
    assert_int_equal(stek_stats_scan_latest(scan)->count[STEK_COUNT_SEALED], FILES);
    assert_int_equal(stek_stats_scan_latest(scan)->processes, FILES);
    assert_false(stek_stats_scan_go_on(scan, STEPS));
    assert_int_equal(stek_stats_scan_latest(scan)->processes, FILES);
    stek_stats_scan_free(scan);
}

static void reading_stops_when_its_steps_are_used_up_and_says_so(void **state)
{
    struct stek_stats_sum sum;
    unsigned steps = 50;

    (void)state;
    make_files(geteuid(), 100);
    assert_int_equal(stek_stats_read(stats_run_dir(), STATS_RING, &steps, &sum), STEK_OK);
    assert_int_equal(steps, 0);
    assert_true(sum.incomplete);
    assert_true(sum.files <= 25);
}

/* As where the kernel has to look through a hundred thousand locks on a file. */
static void what_took_long_is_paid_for_with_more_steps(void **state)
{
    enum { STEPS = 100, LONG_US = 5000 };

    (void)state;
    make_files(geteuid(), 10);
    struct stek_stats_walk *walk = stek_stats_walk_open(stats_run_dir(), STATS_RING, STEPS);
    assert_non_null(walk);
    assert_int_equal(stek_stats_walk_next(walk), STEK_STATS_FOUND_FILE);
    const int64_t end_us = stek_stats_cpu_us() + LONG_US;
    while (stek_stats_cpu_us() < end_us) {
    }
    assert_int_equal(stek_stats_walk_next(walk), STEK_STATS_FOUND_PAUSE);
    stek_stats_walk_grant(walk, STEPS);
    assert_int_equal(stek_stats_walk_next(walk), STEK_STATS_FOUND_FILE);
    stek_stats_walk_close(walk);
}

static void removing_takes_as_many_turns_as_there_are_steps_for_and_nobody_adds_more(void **state)
{
    struct stat dir;
    unsigned turns = 1;

    (void)state;
    make_files(geteuid(), 100);
    while (stek_stats_remove(stats_run_dir(), STATS_RING, 12) == STEK_STATS_LEFT) {
        assert_int_equal(fstat(stats_dir(), &dir), 0);
        assert_int_equal(dir.st_mode & 07777, 0700);
        turns++;
    }
    assert_true(turns >= 100 / 12);
    assert_int_equal(fstat(stats_dir(), &dir), 0);
    assert_int_equal(dir.st_nlink, 0);
}

static void removing_says_when_it_cannot_go_on(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(stats_dir(), "a", 0700), 0);
    assert_int_equal(mkdirat(stats_dir(), "a/b", 0700), 0);
    make_files(geteuid(), 10);
    assert_int_equal(stek_stats_remove(stats_run_dir(), STATS_RING, 100), STEK_STATS_LEFT);
    assert_int_equal(stek_stats_remove(stats_run_dir(), STATS_RING, 100), STEK_STATS_STUCK);
    assert_int_equal(unlinkat(stats_dir(), "a/b", AT_REMOVEDIR), 0);
    assert_int_equal(stek_stats_remove(stats_run_dir(), STATS_RING, 100), STEK_STATS_REMOVED);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, stats_setup, stats_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(files_over_the_limit_of_a_user_are_left_out_and_said),
        CASE(the_files_of_another_user_count_all_the_same),
        CASE(a_ring_has_a_limit_of_files_in_all_and_what_is_over_it_goes),
        CASE(a_file_that_is_too_long_goes_at_once),
        CASE(of_what_is_no_stats_file_a_limited_number_stays_its_hour),
        CASE(a_round_goes_on_where_it_stopped_however_small_its_steps),
        CASE(removing_takes_as_many_turns_as_there_are_steps_for_and_nobody_adds_more),
        CASE(removing_says_when_it_cannot_go_on),
        CASE(what_took_long_is_paid_for_with_more_steps),
        CASE(reading_stops_when_its_steps_are_used_up_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
