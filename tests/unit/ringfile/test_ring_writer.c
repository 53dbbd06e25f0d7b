/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's lock: who finds it taken goes on without, and whoever comes after a holder's death
 * takes over. */
#include "unit.h"

#include "ring_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { LOCKED = 'l', GO_ON = 'g', INTERVALS = 5 };

/* In a child: holds the writer's lock until it is told to go on, or is killed. */
static void hold_lock(int fd, void *arg)
{
    struct stek_ring *ring = arg;

    CHECK(pthread_mutex_trylock(&ring->shared->writer) == 0);
    child_tell(fd, LOCKED);
    if (child_hear(fd) == GO_ON)
        CHECK(pthread_mutex_unlock(&ring->shared->writer) == 0);
}

static struct child start_holder(struct stek_ring *ring)
{
    struct child holder = child_start(hold_lock, ring);

    assert_int_equal(child_hear(holder.fd), LOCKED);
    return holder;
}

static void let_go(struct child *holder)
{
    child_tell(holder->fd, GO_ON);
    child_join(holder);
}

static void whoever_finds_the_lock_taken_is_told_so_at_once(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct child holder = start_holder(ring);

    (void)state;
    assert_int_equal(stek_private_update(ring->shared, RING_START + RING_ROTATE_S), STEK_ERR_BUSY);
    ring_set_time(RING_START + RING_ROTATE_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_ERR_BUSY);
    let_go(&holder);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    stek_ring_free(ring);
}

static void *try_update(void *ring)
{
    const struct stek_ring *locked = ring;

    return stek_private_update(locked->shared, RING_START) == STEK_ERR_BUSY ? ring : NULL;
}

static void so_is_another_thread(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    pthread_t thread;
    void *busy;

    (void)state;
    assert_int_equal(pthread_mutex_trylock(&ring->shared->writer), 0);
    assert_int_equal(pthread_create(&thread, NULL, try_update, ring), 0);
    assert_int_equal(pthread_join(thread, &busy), 0);
    assert_non_null(busy);
    assert_int_equal(pthread_mutex_unlock(&ring->shared->writer), 0);
    stek_ring_free(ring);
}

static void while_the_lock_is_taken_tickets_are_sealed_and_opened(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ticket_key before = ring_seal_key(ring, "a");
    struct child holder = start_holder(ring);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(ring_opens(ring, "a", &before));
        const struct stek_ticket_key now = ring_seal_key(ring, "a");
        assert_true(ring_opens(ring, "a", &now));
        ring_set_time(ring_time() + RING_ROTATE_S);
    }
    let_go(&holder);
    stek_ring_free(ring);
}

struct sealed {
    struct stek_ring *ring;
    struct stek_ticket_key key[INTERVALS];
};

/* Moves through the intervals, and seals in each. */
static void seal_through(int fd, void *arg)
{
    struct sealed *sealed = arg;

    (void)fd;
    for (int i = 0; i < INTERVALS; i++) {
        ring_set_time(RING_START + i * RING_ROTATE_S);
        sealed->key[i] = ring_seal_key(sealed->ring, "a");
    }
}

/* More intervals than records were published ahead, so the last keys are continuations. */
static void while_the_lock_is_taken_all_processes_rotate_in_step(void **state)
{
    struct sealed *sealed = ring_shared_memory(2 * sizeof *sealed);

    (void)state;
    sealed[0].ring = sealed[1].ring = ring_start(&ring_policy);
    struct child holder = start_holder(sealed->ring);
    child_run(seal_through, &sealed[0]);
    child_run(seal_through, &sealed[1]);
    assert_memory_equal(sealed[0].key, sealed[1].key, sizeof sealed->key);
    for (int i = 1; i < INTERVALS; i++)
        assert_memory_not_equal(&sealed->key[i], &sealed->key[i - 1], sizeof *sealed->key);
    let_go(&holder);
    stek_ring_free(sealed->ring);
}

static void the_owner_who_comes_later_publishes_what_the_others_went_on_with(void **state)
{
    struct sealed *sealed = ring_shared_memory(sizeof *sealed);

    (void)state;
    sealed->ring = ring_start(&ring_policy);
    struct child holder = start_holder(sealed->ring);
    child_run(seal_through, sealed);
    let_go(&holder);
    assert_int_equal(stek_ring_maintain(sealed->ring), STEK_OK);
    const struct stek_ticket_key now = ring_seal_key(sealed->ring, "a");
    assert_memory_equal(&now, &sealed->key[INTERVALS - 1], sizeof now);
    assert_true(ring_opens(sealed->ring, "a", &sealed->key[INTERVALS - 2]));
    stek_ring_free(sealed->ring);
}

static void a_busy_ring_still_destroys_what_retired_in_this_process(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ticket_key first = ring_seal_key(ring, "a");
    const struct stek_record record = ring_state(ring).records.at[0];
    struct child holder = start_holder(ring);

    (void)state;
    assert_true(ring_cache_holds(ring, "a", &record));
    ring_set_time(RING_START + RING_ROTATE_S + RING_ACCEPT_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_ERR_BUSY);
    assert_false(ring_cache_holds(ring, "a", &record));
    assert_false(ring_opens(ring, "a", &first));
    let_go(&holder);
    stek_ring_free(ring);
}

static void when_the_holder_dies_the_next_update_works(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    for (int i = 1; i <= 3; i++) {
        struct child holder = start_holder(ring);
        ring_set_time(RING_START + i * RING_ROTATE_S);
        assert_int_equal(stek_ring_maintain(ring), STEK_ERR_BUSY);
        child_kill(&holder);
        assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    }
    stek_ring_free(ring);
}

static void take_over_and_die(int fd, void *arg)
{
    struct stek_ring *ring = arg;

    CHECK(pthread_mutex_trylock(&ring->shared->writer) == EOWNERDEAD);
    child_tell(fd, LOCKED);
    (void)child_hear(fd);
}

static void so_it_does_when_the_one_who_took_over_dies_too(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct child holder = start_holder(ring);

    (void)state;
    child_kill(&holder);
    holder = child_start(take_over_and_die, ring);
    assert_int_equal(child_hear(holder.fd), LOCKED);
    child_kill(&holder);
    ring_set_time(RING_START + RING_ROTATE_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    stek_ring_free(ring);
}

static void *take_lock_and_end(void *arg)
{
    struct stek_ring *ring = arg;

    return pthread_mutex_trylock(&ring->shared->writer) == 0 ? ring : NULL;
}

static void so_it_does_when_only_a_thread_ends(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    pthread_t thread;
    void *took;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, take_lock_and_end, ring), 0);
    assert_int_equal(pthread_join(thread, &took), 0);
    assert_non_null(took);
    ring_set_time(RING_START + RING_ROTATE_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_finds_the_lock_taken_is_told_so_at_once),
        cmocka_unit_test(so_is_another_thread),
        cmocka_unit_test(while_the_lock_is_taken_tickets_are_sealed_and_opened),
        cmocka_unit_test(while_the_lock_is_taken_all_processes_rotate_in_step),
        cmocka_unit_test(the_owner_who_comes_later_publishes_what_the_others_went_on_with),
        cmocka_unit_test(a_busy_ring_still_destroys_what_retired_in_this_process),
        cmocka_unit_test(when_the_holder_dies_the_next_update_works),
        cmocka_unit_test(so_it_does_when_the_one_who_took_over_dies_too),
        cmocka_unit_test(so_it_does_when_only_a_thread_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
