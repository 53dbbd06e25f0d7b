/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads with little stack rotate and continue rings, too: stunnel gives its threads 64 KiB, and
 * libcrypto its jobs 32 KiB, for libssl and all. Not under sanitizers, which make frames larger.
 */
#include "unit.h"

#include "ring_dir.h"

#include <pthread.h>

enum { STACK_LEN = 24 * 1024, TURNS = 40 };

/* Warm and cold, with a rotation due at each turn and, in the middle, no process that publishes for
 * long. */
static void *use(void *arg)
{
    struct stek_ring *ring = arg;

    for (int i = 1; i <= TURNS; i++) {
        ring_set_time(ring_time() + (i == TURNS / 2 ? 10 : 1) * RING_ROTATE_S);
        const struct stek_ticket_key key = ring_seal_key(ring, "a");
        CHECK(ring_opens(ring, "a", &key));
        CHECK(ring_seals(ring, "b"));
    }
    return NULL;
}

static void use_in_small_thread(struct stek_ring *ring)
{
    pthread_attr_t attributes;
    pthread_t thread;

    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_LEN), 0);
    assert_int_equal(pthread_create(&thread, &attributes, use, ring), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_attr_destroy(&attributes);
}

static void a_small_thread_keeps_a_private_ring(void **state)
{
    struct stek_ring *ring = ring_start_empty(&ring_policy);

    (void)state;
    use_in_small_thread(ring);
    stek_ring_free(ring);
}

static void a_small_thread_continues_a_ring_file(void **state)
{
    struct ring_dir dir;

    (void)state;
    ring_set_time(RING_START);
    ring_dir_start(&dir);
    stek_writer_close(ring_dir_write(&dir, STEK_WRITER_NEW));
    struct stek_ring *ring = ring_dir_open(&dir);
    use_in_small_thread(ring);
    stek_ring_free(ring);
    ring_dir_finish(&dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_thread_keeps_a_private_ring),
        cmocka_unit_test(a_small_thread_continues_a_ring_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
