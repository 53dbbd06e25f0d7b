/* SPDX-License-Identifier: Apache-2.0 */
/* Threads and forks in contexts that come and go never meet the keys of another context. */
#include "unit.h"

#include "ring_holds.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { THREADS = 4, TURNS = RING_SANITIZED ? 2000 : 20000, FORKS = 20, ROTATIONS = 50 };

/* What threads share. Failures are counted, since a thread cannot fail a test. */
struct crowd {
    struct stek_ring *ring;
    atomic_size_t entered;
    atomic_uint wrong;
};

/* Each in a context of its own, which it gives back and takes again, beside one held by all. */
static void *hold_and_release(void *arg)
{
    struct crowd *crowd = arg;
    const size_t self = crowd->entered++;
    const struct stek_context shared = ring_context("shared");
    const struct stek_ticket_key for_shared = holds_expected_key(crowd->ring, &shared);
    struct stek_keys *keys = holds_take(crowd->ring, "shared");

    for (size_t i = 0; i < TURNS; i++) {
        const size_t number =
            self + i * 7 % HOLDS_CHURN; /* now and then what another has just left */
        const struct stek_context context = holds_numbered("own", number);
        const struct stek_ticket_key for_own = holds_expected_key(crowd->ring, &context);
        struct stek_keys *own = holds_take_numbered(crowd->ring, "own", number);
        crowd->wrong += !holds_seals_with(crowd->ring, own, &for_own);
        crowd->wrong += !holds_seals_with(crowd->ring, keys, &for_shared);
        stek_ring_keys_release(crowd->ring, own);
    }
    stek_ring_keys_release(crowd->ring, keys);
    return NULL;
}

static void start(struct crowd *crowd, pthread_t threads[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release, crowd), 0);
}

static void join(const pthread_t threads[THREADS])
{
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void threads_never_meet_the_keys_of_another_context(void **state)
{
    struct crowd crowd = {.ring = ring_start(&ring_policy)};
    pthread_t threads[THREADS];

    (void)state;
    start(&crowd, threads);
    join(threads);
    assert_int_equal(crowd.wrong, 0);
    assert_int_equal(holds_count_contexts(crowd.ring), STEK_CONTEXTS_UNUSED_MAX);
    assert_int_equal(holds_count_chunks(crowd.ring), 1);
    stek_ring_free(crowd.ring);
}

/* What it seals with opens in its own context, with the same key, and in no other one. */
static bool keeps_to_itself(struct stek_ring *ring, struct stek_keys *own, struct stek_keys *other)
{
    const int64_t now = ring_time();
    struct stek_seal_key sealing;
    struct stek_ticket_key opening;

    return stek_ring_seal(ring, own, now, &sealing) &&
           stek_ring_find(ring, own, sealing.key.name, false, now, &opening) !=
               STEK_CHOICE_UNKNOWN &&
           memcmp(&sealing.key, &opening, sizeof opening) == 0 &&
           stek_ring_find(ring, other, sealing.key.name, false, now, &opening) ==
               STEK_CHOICE_UNKNOWN;
}

struct rotating {
    struct crowd crowd;
    atomic_size_t turns; /* of all threads */
    atomic_size_t turns_of[THREADS];
    atomic_bool over;
};

static void *hold_and_release_until_over(void *arg)
{
    struct rotating *rotating = arg;
    struct stek_ring *ring = rotating->crowd.ring;
    const size_t self = rotating->crowd.entered++;
    struct stek_keys *shared = holds_take(ring, "shared");

    while (!rotating->over) {
        struct stek_keys *own = holds_take_numbered(ring, "own", rotating->turns++ % HOLDS_CHURN);
        rotating->crowd.wrong += !keeps_to_itself(ring, own, shared);
        stek_ring_keys_release(ring, own);
        rotating->turns_of[self]++;
    }
    stek_ring_keys_release(ring, shared);
    return NULL;
}

/*
 * Until all contexts have come and gone, and each thread has begun and ended a turn. Without the
 * latter, the clock runs away from a thread that waits for a processor, and its key retires.
 */
static void wait_for_turns(const struct rotating *rotating)
{
    const size_t before = rotating->turns;
    size_t ended[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        ended[i] = rotating->turns_of[i];
    while (rotating->turns < before + HOLDS_CHURN)
        (void)sched_yield();
    for (size_t i = 0; i < THREADS; i++)
        while (rotating->turns_of[i] < ended[i] + 2)
            (void)sched_yield();
}

static void maintain(struct stek_ring *ring)
{
    enum stek_result result;

    while ((result = stek_ring_maintain(ring)) == STEK_ERR_BUSY) /* a thread is at it */
        (void)sched_yield();
    assert_int_equal(result, STEK_OK);
}

/* The ring's records retire meanwhile, and all caches are swept. */
static void sweeping_meets_contexts_that_come_and_go(void **state)
{
    struct rotating rotating = {.crowd = {.ring = ring_start(&ring_policy)}};
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_release_until_over, &rotating),
                         0);
    for (int i = 0; i < ROTATIONS; i++) {
        wait_for_turns(&rotating);
        ring_set_time(ring_time() + RING_ROTATE_S);
        maintain(rotating.crowd.ring);
    }
    rotating.over = true;
    join(threads);
    assert_int_equal(rotating.crowd.wrong, 0);
    stek_ring_free(rotating.crowd.ring);
}

/* AddressSanitizer's allocator hangs in a child that is forked while a thread allocates. */
#if !RING_SANITIZED
static void check_in_child(int fd, void *arg)
{
    struct stek_ring *ring = arg;
    const struct stek_context shared = ring_context("shared");
    const struct stek_ticket_key expected = holds_expected_key(ring, &shared);
    struct stek_keys *keys = holds_take(ring, "shared");

    (void)fd;
    CHECK(holds_seals_with(ring, keys, &expected));
    for (size_t i = 0; i < HOLDS_CHURN; i++) {
        const struct stek_context context = holds_numbered("own", i);
        const struct stek_ticket_key for_own = holds_expected_key(ring, &context);
        struct stek_keys *own = holds_take_numbered(ring, "own", i);
        CHECK(holds_seals_with(ring, own, &for_own));
        stek_ring_keys_release(ring, own);
    }
    CHECK(holds_seals_with(ring, keys, &expected));
}

static void nor_do_children_that_are_forked_meanwhile(void **state)
{
    struct crowd crowd = {.ring = ring_start(&ring_policy)};
    pthread_t threads[THREADS];

    (void)state;
    start(&crowd, threads);
    for (int i = 0; i < FORKS; i++)
        child_run(check_in_child, crowd.ring);
    join(threads);
    assert_int_equal(crowd.wrong, 0);
    stek_ring_free(crowd.ring);
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_never_meet_the_keys_of_another_context),
        cmocka_unit_test(sweeping_meets_contexts_that_come_and_go),
#if !RING_SANITIZED
        cmocka_unit_test(nor_do_children_that_are_forked_meanwhile),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
