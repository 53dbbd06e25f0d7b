/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads that race for the same serials: none is accepted twice. */
#include "unit.h"

#include "early/register.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PROCESSES = 8,
    THREADS = 4,
    RACERS = PROCESSES * THREADS,
    RACES = 1000000,
    SERIALS = RACES / RACERS,
    REUSED = 1 << 16,
    NEWEST = REUSED + STEK_REGISTER_FLAGS,
    PLACES = NEWEST + REUSED
};

/* What all processes share. */
struct arena {
    atomic_uchar accepted[PLACES]; /* how often, by place */
    atomic_uint ready;
    atomic_uint places;
    atomic_uint over;
    atomic_ulong checks;
    uint8_t instance[STEK_INSTANCE_LEN];
};

static struct stek_register *reg;
static struct arena *arena;

/* Sanitizers are slow: every so many of the serials then. */
static unsigned stride(void)
{
    const char *text = getenv("STEK_TEST_STRIDE");
    const unsigned wanted = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 1;

    return wanted > 0 ? wanted : 1;
}

static int set_up(void **state)
{
    (void)state;
    reg = stek_register_map();
    arena = mmap(NULL, sizeof *arena, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_non_null(reg);
    assert_ptr_not_equal(arena, MAP_FAILED);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stek_register_unmap(reg);
    return munmap(arena, sizeof *arena);
}

/* Each racer goes over all serials, from a place of its own. */
static void *race(void *arg)
{
    const unsigned serials = SERIALS / stride();
    const unsigned start = serials / RACERS * atomic_fetch_add(&arena->places, 1);

    (void)arg;
    (void)atomic_fetch_add(&arena->ready, 1);
    while (atomic_load(&arena->ready) < RACERS)
        (void)sched_yield();
    for (unsigned i = 0; i < serials; i++) {
        const unsigned serial = (start + i) % serials + 1;
        if (stek_register_spend(reg, arena->instance, serial) == STEK_EARLY_ACCEPTED)
            (void)atomic_fetch_add(&arena->accepted[serial], 1);
        (void)atomic_fetch_add(&arena->checks, 1);
    }
    return NULL;
}

static void run_threads(void *(*run)(void *))
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            _exit(1);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
}

static pid_t start_process(void *(*run)(void *))
{
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        run_threads(run);
        _exit(0);
    }
    return child;
}

static void wait_for(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void give(unsigned count)
{
    uint64_t serial;

    for (unsigned i = 0; i < count; i++)
        assert_true(stek_register_issue(reg, arena->instance, &serial));
}

/* A million checks in all, and each serial is accepted by one of the racers. */
static void processes_and_threads_accept_each_serial_once(void **state)
{
    const unsigned serials = SERIALS / stride();
    pid_t children[PROCESSES];

    (void)state;
    give(serials);
    for (size_t i = 0; i < PROCESSES; i++)
        children[i] = start_process(race);
    for (size_t i = 0; i < PROCESSES; i++)
        wait_for(children[i]);
    assert_int_equal(atomic_load(&arena->checks), (unsigned long)serials * RACERS);
    for (unsigned serial = 1; serial <= serials; serial++)
        if (atomic_load(&arena->accepted[serial]) != 1)
            fail_msg("%u was accepted %d times", serial, atomic_load(&arena->accepted[serial]));
}

/* One that was killed right after it accepted has not counted it. */
static void nothing_is_accepted_twice_when_processes_are_killed(void **state)
{
    const unsigned serials = SERIALS / stride();
    pid_t children[PROCESSES];
    unsigned accepted = 0;

    (void)state;
    give(serials);
    for (size_t i = 0; i < PROCESSES; i++)
        children[i] = start_process(race);
    while (atomic_load(&arena->checks) < serials)
        (void)sched_yield();
    for (size_t i = 0; i < PROCESSES / 2; i++)
        (void)kill(children[i], SIGKILL);
    for (size_t i = 0; i < PROCESSES; i++)
        assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
    wait_for(start_process(race)); /* a worker in their place */
    for (unsigned serial = 1; serial <= serials; serial++) {
        assert_between(atomic_load(&arena->accepted[serial]), 0, 1);
        accepted += atomic_load(&arena->accepted[serial]);
    }
    assert_between(accepted, serials - PROCESSES / 2 * THREADS, serials);
}

static void *draw(void *arg)
{
    uint8_t instance[STEK_INSTANCE_LEN];
    uint64_t serial;

    (void)arg;
    (void)atomic_fetch_add(&arena->ready, 1);
    while (atomic_load(&arena->ready) < RACERS)
        (void)sched_yield();
    for (unsigned i = 0; i < SERIALS / RACERS; i++) {
        if (!stek_register_issue(reg, instance, &serial) || serial >= PLACES)
            _exit(1);
        (void)atomic_fetch_add(&arena->accepted[serial], 1);
    }
    if (stek_register_spend(reg, instance, serial) != STEK_EARLY_ACCEPTED) /* it is theirs all */
        _exit(1);
    return NULL;
}

/* Nobody has drawn the program's id before they were forked. */
static void no_serial_is_given_twice_and_the_first_to_draw_decides_on_the_instance(void **state)
{
    pid_t children[PROCESSES];

    (void)state;
    for (size_t i = 0; i < PROCESSES; i++)
        children[i] = start_process(draw);
    for (size_t i = 0; i < PROCESSES; i++)
        wait_for(children[i]);
    for (unsigned serial = 1; serial <= SERIALS / RACERS * RACERS; serial++)
        assert_int_equal(atomic_load(&arena->accepted[serial]), 1);
}

/* The place of a serial of this test, each of which may be accepted once: first the oldest, which
 * go a block beyond those that the newest reuse, then the newest. */
static unsigned place_of(uint64_t serial)
{
    if (serial < NEWEST)
        return (unsigned)serial;
    if (serial < STEK_REGISTER_WINDOW)
        _exit(1);
    return (unsigned)(NEWEST + serial - STEK_REGISTER_WINDOW);
}

static void spend_here(uint64_t serial)
{
    if (stek_register_spend(reg, arena->instance, serial) == STEK_EARLY_ACCEPTED)
        (void)atomic_fetch_add(&arena->accepted[place_of(serial)], 1);
}

/* Spends the oldest tickets of the window, again and again, while the newest take their blocks. */
static void *spend_the_oldest(void *arg)
{
    (void)arg;
    while (atomic_load(&arena->over) == 0) {
        const uint64_t issued = atomic_load(&reg->issued);
        for (uint64_t i = 1; i <= STEK_REGISTER_FLAGS; i++)
            spend_here(issued - STEK_REGISTER_WINDOW + i);
    }
    return NULL;
}

static void nothing_is_accepted_twice_while_blocks_are_reused(void **state)
{
    pid_t children[2];
    uint64_t serial = 0;

    (void)state;
    give(1);
    atomic_store(&reg->issued, STEK_REGISTER_WINDOW);
    for (size_t i = 0; i < 2; i++)
        children[i] = start_process(spend_the_oldest);
    while (serial < STEK_REGISTER_WINDOW + REUSED - 1) {
        assert_true(stek_register_issue(reg, arena->instance, &serial));
        spend_here(serial);
        if (serial % 1024 == 0) /* so that the others come along on one processor, too */
            (void)sched_yield();
    }
    atomic_store(&arena->over, 1);
    for (size_t i = 0; i < 2; i++)
        wait_for(children[i]);
    for (unsigned place = 0; place < PLACES; place++)
        assert_between(atomic_load(&arena->accepted[place]), 0, 1);
    for (unsigned place = 1; place < REUSED; place++) /* the newest, each by whoever came first */
        assert_int_equal(atomic_load(&arena->accepted[NEWEST + place]), 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(processes_and_threads_accept_each_serial_once),
        TEST(nothing_is_accepted_twice_when_processes_are_killed),
        TEST(no_serial_is_given_twice_and_the_first_to_draw_decides_on_the_instance),
        TEST(nothing_is_accepted_twice_while_blocks_are_reused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
