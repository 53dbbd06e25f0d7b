/* SPDX-License-Identifier: Apache-2.0 */
/* What consumers that are gone had counted goes into the total, once. */
#include "stats_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEALED = 7 };

/* A consumer that counted SEALED and ended. */
static void child_counts_a_few(int fd, void *arg)
{
    struct stek_stats *stats = stek_stats_create(stats_run_dir(), STATS_RING);

    (void)fd, (void)arg;
    CHECK(stats != NULL);
    for (int i = 0; i < SEALED; i++)
        stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
}

static void the_count_stays_and_the_file_goes_when_its_process_has_ended(void **state)
{
    (void)state;
    child_run(child_counts_a_few, NULL);
    assert_int_equal(stats_files(), 1);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
}

static void aggregating_again_changes_nothing(void **state)
{
    (void)state;
    child_run(child_counts_a_few, NULL);
    for (int i = 0; i < 3; i++)
        assert_false(stats_aggregate());
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
}

static void a_file_with_a_living_process_stays(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 1);
    stek_stats_unmap(stats);
}

static void child_lives(int fd, void *arg)
{
    struct stek_stats *stats = arg;

    stek_stats_after_fork(stats);
    child_tell(fd, 'r');
    (void)child_hear(fd);
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
}

static void a_file_stays_as_long_as_a_fork_lives_and_then_its_last_count_is_there(void **state)
{
    struct stek_stats *stats = stats_open();
    struct child child = child_start(child_lives, stats);

    (void)state;
    assert_int_equal(child_hear(child.fd), 'r');
    stek_stats_unmap(stats); /* the maker goes first, as a daemon's parent does */
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    child_tell(child.fd, 'e');
    child_join(&child);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 1);
}

static void after_a_fork_the_child_has_time_to_enter_itself(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_before_fork(stats);
    stek_stats_unmap(stats);
    assert_false(stats_aggregate_in(STEK_STATS_READ_STEPS, STEK_STATS_PATIENCE_S, NULL));
    assert_int_equal(stats_files(), 1);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
}

/* Another process may have the number by now: the maker entered itself when the machine booted,
 * long before us. */
static void a_process_that_only_has_the_number_does_not_keep_the_file(void **state)
{
    uint8_t bytes[STEK_STATS_FILE_LEN];
    const uint64_t pid = (uint64_t)getpid();

    (void)state;
    stats_make_page(bytes, SEALED);
    memcpy(bytes + offsetof(struct stek_stats_page, process), &pid, sizeof pid);
    stats_write_file("1-0123456789abcdef", bytes, sizeof bytes);
    assert_int_equal(stats_sum().processes, 0);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
}

static void a_zombie_does_not_keep_the_file(void **state)
{
    siginfo_t ended;

    (void)state;
    const pid_t pid = fork();
    if (pid == 0) {
        child_counts_a_few(-1, NULL);
        _exit(0);
    }
    assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
    assert_int_equal(stats_sum().processes, 0);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void make_orphans(unsigned count)
{
    uint8_t bytes[STEK_STATS_FILE_LEN];
    char name[STEK_STATS_NAME_LEN];

    stats_make_page(bytes, 1);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%u-%016x", i + 1, i);
        stats_write_file(name, bytes, sizeof bytes);
    }
}

/* A file and its process are a step each, and so are the two names of the directory itself; on a
 * slow machine they cost more, and a turn takes fewer of them. */
static void many_files_are_aggregated_bit_by_bit(void **state)
{
    enum { ORPHANS = 250, AT_ONCE = 64 };
    unsigned aggregates = 1;
    unsigned left = ORPHANS;

    (void)state;
    make_orphans(ORPHANS);
    while (stats_aggregate_in(2 * AT_ONCE + 2, 0, NULL)) {
        assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), ORPHANS);
        assert_true(stats_files() < left);
        left = stats_files();
        aggregates++;
    }
    assert_true(aggregates >= ORPHANS / (AT_ONCE + 2));
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), ORPHANS);
}

static void more_files_are_aggregated_than_a_total_can_name_and_a_user_may_have(void **state)
{
    enum { ORPHANS = 2 * STEK_STATS_NAMES + 10 };
    struct stek_stats_sum sum;

    (void)state;
    make_orphans(ORPHANS);
    assert_false(stats_aggregate_in(STEK_STATS_READ_STEPS, 0, &sum));
    assert_int_equal(sum.count[STEK_COUNT_SEALED], ORPHANS);
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), ORPHANS);
}

/* Folds in a child and kills it after `calls` system calls. Returns whether it had ended before. */
static bool aggregate_and_die_after(unsigned calls)
{
    const pid_t pid = fork();
    int status;

    if (pid == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)raise(SIGSTOP);
        _exit(stats_aggregate());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (unsigned i = 0; i < 2 * calls && !WIFEXITED(status);
         i++) { /* it stops at each call's begin and end */
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    if (WIFEXITED(status))
        return true;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return false;
}

static void killed_at_any_system_call_nothing_is_lost_or_counted_twice(void **state)
{
    enum { ORPHANS = 3 };
    bool ended = false;
    unsigned calls;

    (void)state;
    for (calls = 0; !ended; calls++) {
        make_orphans(ORPHANS);
        const uint64_t before = stats_sum_of(STEK_COUNT_SEALED);
        ended = aggregate_and_die_after(calls);
        assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), before);
        assert_false(stats_aggregate());
        assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), before);
        assert_int_equal(stats_files(), 0);
    }
    print_message("# killed at %u system calls\n", calls - 1);
    assert_true(calls > 20);
}

/* A file that is in the total must not come back under its name: names are drawn from 2^64. */
static void a_total_that_is_garbage_is_begun_anew(void **state)
{
    const int file = openat(stats_run_dir(), STATS_RING ".total",
                            O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    (void)state;
    assert_int_equal(write(file, "garbage", 7), 7);
    close(file);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 0);
    make_orphans(1);
    assert_false(stats_aggregate());
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 1);
}

static void a_ring_that_goes_takes_its_counters_along(void **state)
{
    struct stat about;

    (void)state;
    child_run(child_counts_a_few, NULL);
    assert_false(stats_aggregate());
    child_run(child_counts_a_few, NULL);
    (void)stek_stats_remove(stats_run_dir(), STATS_RING, UINT_MAX);
    assert_int_equal(fstatat(stats_run_dir(), STATS_RING ".stats", &about, 0), -1);
    assert_int_equal(fstatat(stats_run_dir(), STATS_RING ".total", &about, 0), -1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, stats_setup, stats_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(the_count_stays_and_the_file_goes_when_its_process_has_ended),
        CASE(aggregating_again_changes_nothing),
        CASE(a_file_with_a_living_process_stays),
        CASE(a_file_stays_as_long_as_a_fork_lives_and_then_its_last_count_is_there),
        CASE(after_a_fork_the_child_has_time_to_enter_itself),
        CASE(a_process_that_only_has_the_number_does_not_keep_the_file),
        CASE(a_zombie_does_not_keep_the_file),
        CASE(many_files_are_aggregated_bit_by_bit),
        CASE(more_files_are_aggregated_than_a_total_can_name_and_a_user_may_have),
        CASE(killed_at_any_system_call_nothing_is_lost_or_counted_twice),
        CASE(a_total_that_is_garbage_is_begun_anew),
        CASE(a_ring_that_goes_takes_its_counters_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
