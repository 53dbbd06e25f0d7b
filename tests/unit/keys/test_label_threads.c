/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads ask for the keys of one label while the ring rotates. */
#include "unit.h"

#include "ring_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { THREADS = 4, ROTATIONS = RING_SANITIZED ? 20 : 40 };

struct crowd {
    struct stek_ring *ring;
    struct stek_label *label;
    atomic_size_t entered;
    atomic_size_t turns_of[THREADS];
    atomic_uint wrong; /* a thread cannot fail a test */
    atomic_bool over;
};

/* A key that seals is found, whole, and until it retires. */
static bool finds_what_seals(const struct crowd *crowd)
{
    struct stek_key key, found;
    int64_t until, at;

    return stek_key_current(crowd->label, &key, &until) == STEK_OK &&
           stek_key_find(crowd->label, key.name, &found, NULL) == STEK_OK &&
           memcmp(&key, &found, sizeof key) == 0 && until > ring_time() &&
           stek_ring_next_change(crowd->ring, &at) == STEK_OK;
}

static void *ask(void *arg)
{
    struct crowd *crowd = arg;
    const size_t self = crowd->entered++;

    while (!crowd->over) {
        crowd->wrong += !finds_what_seals(crowd);
        crowd->turns_of[self]++;
    }
    return NULL;
}

/* The clock waits for each thread, so that no key retires while a thread holds it. */
static void wait_for_turns(const struct crowd *crowd)
{
    size_t before[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        before[i] = crowd->turns_of[i];
    for (size_t i = 0; i < THREADS; i++)
        while (crowd->turns_of[i] < before[i] + 2)
            (void)sched_yield();
}

static void threads_find_whole_keys_while_they_rotate(void **state)
{
    struct crowd crowd = {.ring = ring_start(&ring_policy)};
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(stek_label_new(crowd.ring, "shop", &crowd.label), STEK_OK);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &crowd), 0);
    for (int i = 0; i < ROTATIONS; i++) {
        wait_for_turns(&crowd);
        ring_set_time(ring_time() + RING_ROTATE_S);
    }
    crowd.over = true;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(crowd.wrong, 0);
    stek_label_free(crowd.label);
    stek_ring_free(crowd.ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_find_whole_keys_while_they_rotate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
