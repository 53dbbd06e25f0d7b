/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of programs in other pid namespaces: their numbers mean others here. The clock of a
 * thread's time on a processor can be this program's own.
 */
#include "stats_fixture.h"

#include "counters/stats_nested.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEALED = 7, ELSEWHERE = 1 };

static bool is_slow; /* each look at the clock comes a millisecond after the one before */
static unsigned looks;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    const long result = syscall(SYS_clock_gettime, clock, ret_now);

    if (clock == CLOCK_THREAD_CPUTIME_ID && is_slow) {
        looks++;
        ret_now->tv_sec = (time_t)(looks / 1000);
        ret_now->tv_nsec = (long)(looks % 1000) * 1000000;
    }
    return (int)result;
}

/* Has the one file there come from another pid namespace. */
static void move_elsewhere(void)
{
    const uint64_t elsewhere = ELSEWHERE;
    DIR *stream = fdopendir(openat(stats_dir(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const struct dirent *entry;

    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        const int file = openat(stats_dir(), entry->d_name, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(file, &elsewhere, sizeof elsewhere,
                                offsetof(struct stek_stats_page, pid_namespace)),
                         (ssize_t)sizeof elsewhere);
        close(file);
    }
    closedir(stream);
}

/* A file of a program that nobody here has mapped; `lockable` as it says of itself. */
static void write_page_from_elsewhere(uint64_t lockable)
{
    const uint64_t elsewhere = ELSEWHERE;
    uint8_t bytes[STEK_STATS_FILE_LEN];

    stats_make_page(bytes, SEALED);
    memcpy(bytes + offsetof(struct stek_stats_page, pid_namespace), &elsewhere, sizeof elsewhere);
    memcpy(bytes + offsetof(struct stek_stats_page, lockable), &lockable, sizeof lockable);
    stats_write_file("1-0123456789abcdef", bytes, sizeof bytes);
}

static void processes_are_looked_at_for_a_limited_time(void **state)
{
    unsigned steps = 0;
    struct stek_stats_nested *some = stek_stats_nested_find(0, &steps);
    struct stek_stats_nested *all = stek_stats_nested_find(60 * 1000000, &steps);

    (void)state;
    assert_false(stek_stats_nested_is_whole(some));
    assert_true(stek_stats_nested_is_whole(all));
    stek_stats_nested_free(some);
    stek_stats_nested_free(all);
}

static void a_file_without_a_lock_stays(void **state)
{
    (void)state;
    write_page_from_elsewhere(0);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
    assert_int_equal(stats_sum().processes, 1);
}

static void a_file_that_no_process_maps_goes_and_its_count_stays(void **state)
{
    (void)state;
    write_page_from_elsewhere(1);
    assert_int_equal(stats_sum().processes, 0);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), SEALED);
}

static void a_file_that_a_process_maps_stays(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    move_elsewhere();
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    assert_int_equal(stats_sum().processes, 1);
    stek_stats_unmap(stats);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 1);
}

static pid_t waiting_process(void)
{
    const pid_t pid = fork();

    if (pid == 0)
        for (;;)
            (void)pause();
    assert_true(pid > 0);
    return pid;
}

static void end_process(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Only a descriptor of the file that was inherited could keep the lock as well; there is none. */
static void the_mapping_of_a_fork_keeps_the_file(void **state)
{
    struct stek_stats *stats = stats_open();

    (void)state;
    stek_stats_count(stats, STEK_COUNT_SEALED, STATS_NOW);
    const pid_t pid = waiting_process();
    move_elsewhere();
    stek_stats_unmap(stats);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 1);
    end_process(pid);
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
    assert_int_equal(stats_sum_of(STEK_COUNT_SEALED), 1);
}

static void a_walk_looks_at_processes_for_forty_milliseconds(void **state)
{
    enum { PROCESSES = 100, OTHER_LOOKS = 5 };
    pid_t pids[PROCESSES];
    struct stek_stats *stats = stats_open();

    (void)state;
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = waiting_process();
    move_elsewhere();
    looks = 0;
    is_slow = true;
    const uint64_t found = stats_sum().processes;
    is_slow = false;
    for (int i = 0; i < PROCESSES; i++)
        end_process(pids[i]);
    stek_stats_unmap(stats);
    assert_int_equal(found, 1);
    assert_between(looks, 40, 40 + OTHER_LOOKS);
}

static void child_executes(int fd, void *arg)
{
    (void)fd, (void)arg;
    CHECK(stek_stats_create(stats_run_dir(), STATS_RING) != NULL);
    CHECK(execl("/bin/true", "true", (char *)NULL) == 0);
}

static void another_program_in_the_same_process_does_not_keep_the_file(void **state)
{
    (void)state;
    child_run(child_executes, NULL);
    move_elsewhere();
    assert_false(stats_aggregate());
    assert_int_equal(stats_files(), 0);
}

static void the_number_in_the_innermost_namespace_is_read_from_the_status(void **state)
{
    (void)state;
    assert_int_equal(stek_stats_nested_pid("Name:\tnginx\nNSpid:\t4711\t7\nUid:\t0\n"), 7);
    assert_int_equal(stek_stats_nested_pid("Name:\tnginx\nNSpid:\t4711\t31\t8\n"), 8);
    assert_int_equal(stek_stats_nested_pid("Name:\tnginx\nNSpid:\t4711\nUid:\t0\n"), 0);
    assert_int_equal(stek_stats_nested_pid("Name:\tnginx\n"), 0);
    assert_int_equal(stek_stats_nested_pid(""), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, stats_setup, stats_teardown)
    const struct CMUnitTest tests[] = {
        CASE(processes_are_looked_at_for_a_limited_time),
        CASE(a_walk_looks_at_processes_for_forty_milliseconds),
        CASE(a_file_without_a_lock_stays),
        CASE(a_file_that_no_process_maps_goes_and_its_count_stays),
        CASE(a_file_that_a_process_maps_stays),
        CASE(the_mapping_of_a_fork_keeps_the_file),
        CASE(another_program_in_the_same_process_does_not_keep_the_file),
        cmocka_unit_test(the_number_in_the_innermost_namespace_is_read_from_the_status),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
