/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding at the wrong moment: a consumer that counts once more while one looks whether it lives,
 * and files of which one cannot tell yet what they will be. time(2) and kill(2) are this program's
 * own here.
 */
#include "stats_fixture.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead_s;
static struct child *ends_when_looked_for;

time_t time(time_t *ret_now) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
    struct timespec real;

    (void)clock_gettime(CLOCK_REALTIME, &real);
    const time_t now = real.tv_sec + (time_t)ahead_s;
    if (ret_now != NULL)
        *ret_now = now;
    return now;
}

int kill(pid_t pid, int number) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
    struct child *child = ends_when_looked_for;

    if (child != NULL && number == 0) {
        ends_when_looked_for = NULL;
        child_tell(child->fd, 'e');
        child_join(child);
    }
    return (int)syscall(SYS_kill, pid, number);
}

static int setup(void **state)
{
    ahead_s = 0;
    ends_when_looked_for = NULL;
    return stats_setup(state);
}

static void child_counts_and_again_before_it_ends(int fd, void *arg)
{
    struct stek_stats *stats = stek_stats_create(stats_run_dir(), STATS_RING);

    (void)arg;
    CHECK(stats != NULL);
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    child_tell(fd, 'r');
    (void)child_hear(fd);
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
}

static void
what_was_counted_after_the_file_was_read_and_before_its_process_ended_is_there(void **state)
{
    struct child child = child_start(child_counts_and_again_before_it_ends, NULL);

    (void)state;
    assert_int_equal(child_hear(child.fd), 'r');
    ends_when_looked_for = &child;
    assert_false(stats_aggregate());
    assert_null(ends_when_looked_for); /* the control: it was looked for */
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 2);
}

static void what_is_no_stats_file_stays_for_an_hour(void **state)
{
    (void)state;
    stats_write_file("1-0123456789abcdef", "half", 4);
    stats_write_file("garbage", "garbage", 7);
    ahead_s = 3590;
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 2);
}

static void after_an_hour_it_goes(void **state)
{
    (void)state;
    stats_write_file("1-0123456789abcdef", "half", 4);
    stats_write_file("garbage", "garbage", 7);
    assert_int_equal(symlinkat("/etc/passwd", stats_dir(), "link"), 0);
    ahead_s = 3610;
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void a_sound_file_of_a_living_process_does_not_go_however_old(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    ahead_s = 36000;
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    stek_stats_unmap(stats);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, stats_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(what_was_counted_after_the_file_was_read_and_before_its_process_ended_is_there),
        CASE(what_is_no_stats_file_stays_for_an_hour),
        CASE(after_an_hour_it_goes),
        CASE(a_sound_file_of_a_living_process_does_not_go_however_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
