/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that come to a ring without keys at the same time all get its first ones. */
#include "unit.h"

#include "ring_holds.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = RING_SANITIZED ? 50 : 300 };

/* What threads share. Failures are counted, since a thread cannot fail a test. */
struct crowd {
    struct stek_ring *ring;
    pthread_barrier_t barrier;
    atomic_uint without_key;
};

static void *seal_first(void *arg)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key key;
    struct crowd *crowd = arg;
    struct stek_keys *keys = holds_take(crowd->ring, "shared");

    (void)pthread_barrier_wait(&crowd->barrier);
    crowd->without_key += !stek_ring_seal(crowd->ring, keys, stek_ring_now(crowd->ring), &key);
    stek_ring_keys_release(crowd->ring, keys);
    return NULL;
}

static void all_get_the_first_keys_of_a_ring(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct crowd crowd = {.ring = ring_start_empty(&ring_policy)};
        pthread_t threads[THREADS];

        assert_int_equal(pthread_barrier_init(&crowd.barrier, NULL, THREADS), 0);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, seal_first, &crowd), 0);
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(crowd.without_key, 0);
        assert_int_equal(pthread_barrier_destroy(&crowd.barrier), 0);
        stek_ring_free(crowd.ring);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_get_the_first_keys_of_a_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
