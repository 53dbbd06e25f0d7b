/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that stops, or is killed, between any two instructions of an update. */
#include "unit.h"

#include "prng.h"
#include "ring_fixture.h"
#include "ring_step.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STORES = 2 * STEK_WORDS(struct stek_ring_state) + 2, KILLS = RING_SANITIZED ? 4 : 12 };

/* A ring that is to rotate, and its first record to retire: what it holds, and what the writer puts
 * in its place. */
struct update {
    struct stek_private *shared;
    struct stek_ring_state before;
    struct stek_ring_state after;
    struct stek_secret32 retired;
    struct stek_secret32 fresh;
    int64_t then; /* nothing is due yet */
    int64_t now;
};

static struct stek_ring_state state_in(const struct stek_image *image)
{
    struct stek_ring_state state;
    uint64_t generation;

    assert_int_equal(stek_image_read(image, &state, &generation), STEK_OK);
    return state;
}

static void prepare(struct update *update)
{
    struct stek_private *pattern;

    assert_int_equal(stek_private_map(&ring_policy, &update->shared), STEK_OK);
    update->then = RING_START + 3 * RING_ROTATE_S;
    update->now = update->then + RING_ROTATE_S;
    for (int64_t now = RING_START; now <= update->then; now += RING_ROTATE_S)
        assert_int_equal(stek_private_update(update->shared, now), STEK_OK);
    update->before = state_in(&update->shared->image);
    update->retired = update->before.records.at[0].secret;

    assert_int_equal(stek_private_map(&ring_policy, &pattern), STEK_OK);
    stek_image_write(&pattern->image, &update->before);
    assert_int_equal(stek_private_update(pattern, update->now), STEK_OK);
    update->after = state_in(&pattern->image);
    update->fresh = update->after.records.at[update->after.records.count - 1].secret;
    stek_private_unmap(pattern);
}

static void finish(struct update *update)
{
    stek_private_unmap(update->shared);
}

/* What the writer does under its lock. */
static void write_under_lock(void *arg)
{
    struct update *update = arg;

    if (pthread_mutex_trylock(&update->shared->writer) == 0)
        stek_image_write(&update->shared->image, &update->after);
}

static bool holds_retired(const struct update *update, const struct stek_image *image)
{
    return ring_area_holds(image, sizeof *image, update->retired.bytes);
}

/* Reads the image as the writer has left it so far. Returns whether it is the new state. */
static bool reads_as_new(const struct update *update)
{
    const struct stek_ring_state read = state_in(&update->shared->image);
    const bool new = memcmp(&read, &update->after, sizeof read) == 0;

    if (!new)
        assert_memory_equal(&read, &update->before, sizeof read);
    return new;
}

static void a_reader_sees_the_old_or_the_new_state_after_every_instruction(void **state)
{
    struct update update;
    bool new = false;
    unsigned steps = 0;

    (void)state;
    prepare(&update);
    const pid_t writer = step_start(write_under_lock, &update);
    for (; step_once(writer); steps++) {
        const bool now_new = reads_as_new(&update);
        assert_true(now_new || !new);
        new = now_new;
    }
    step_kill(writer);
    print_message("# an update of %d stores: %u instructions\n", STORES, steps);
    assert_true(new);
    assert_true(steps >= STORES);
    finish(&update);
}

/* Tried on a copy of what the writer has left after each instruction. */
static void scrubbing_after_any_instruction_leaves_one_state_only(void **state)
{
    struct update update;
    struct stek_image left;

    (void)state;
    prepare(&update);
    const pid_t writer = step_start(write_under_lock, &update);
    while (step_once(writer)) {
        memcpy(&left, &update.shared->image, sizeof left);
        const struct stek_ring_state before = state_in(&left);
        stek_image_scrub(&left);
        const struct stek_ring_state after = state_in(&left);
        assert_memory_equal(&before, &after, sizeof before);
        assert_memory_equal(left.side[0], left.side[1], sizeof left.side[0]);
        assert_int_equal(holds_retired(&update, &left),
                         memcmp(&after, &update.after, sizeof after) != 0);
    }
    step_kill(writer);
    finish(&update);
}

static unsigned steps_of_an_update(void)
{
    struct update update;
    unsigned steps = 0;

    prepare(&update);
    const pid_t writer = step_start(write_under_lock, &update);
    while (step_once(writer))
        steps++;
    step_kill(writer);
    finish(&update);
    return steps;
}

/* Runs a writer for so many instructions and kills it. */
static void kill_writer_after(struct update *update, int64_t steps)
{
    prepare(update);
    const pid_t writer = step_start(write_under_lock, update);
    for (int64_t i = 0; i < steps; i++)
        assert_true(step_once(writer));
    step_kill(writer);
}

static void update_in_child(int fd, void *arg)
{
    struct update *update = arg;

    (void)fd;
    CHECK(stek_private_update(update->shared, update->now) == STEK_OK);
}

static void after_a_kill_the_next_process_finishes_and_nothing_retired_is_left(void **state)
{
    struct prng prng = {prng_run_seed()};
    const unsigned steps = steps_of_an_update();
    struct update update;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        kill_writer_after(&update, prng_between(&prng, 0, steps));
        (void)reads_as_new(&update);
        child_run(update_in_child, &update);
        assert_false(holds_retired(&update, &update.shared->image));
        const struct stek_ring_state left = state_in(&update.shared->image);
        assert_true(stek_records_active(&left.records, update.now) >= 0);
        assert_int_equal(stek_private_update(update.shared, update.now), STEK_OK);
        finish(&update);
    }
}

/* The moment at which the most is left behind: the new state holds, and the old one is still on the
 * other side. */
static void kill_writer_between_the_sides(struct update *update)
{
    prepare(update);
    const pid_t writer = step_start(write_under_lock, update);
    while (!reads_as_new(update))
        assert_true(step_once(writer));
    step_kill(writer);
    assert_true(holds_retired(update, &update->shared->image));
}

static void what_a_killed_writer_left_is_scrubbed_by_the_next_update(void **state)
{
    struct update update;

    (void)state;
    kill_writer_between_the_sides(&update);
    child_run(update_in_child, &update);
    assert_false(holds_retired(&update, &update.shared->image));
    finish(&update);
}

static unsigned steps_until_new(void)
{
    struct update update;
    unsigned steps = 0;

    prepare(&update);
    const pid_t writer = step_start(write_under_lock, &update);
    for (; !reads_as_new(&update); steps++)
        assert_true(step_once(writer));
    step_kill(writer);
    finish(&update);
    return steps;
}

/* The clock stepped back meanwhile, and nothing is due. */
static void a_key_that_a_killed_writer_never_published_is_scrubbed_by_the_next_update(void **state)
{
    struct update update;

    (void)state;
    kill_writer_after(&update, steps_until_new() - 1);
    assert_false(reads_as_new(&update));
    assert_true(
        ring_area_holds(&update.shared->image, sizeof update.shared->image, update.fresh.bytes));
    assert_int_equal(stek_private_update(update.shared, update.then), STEK_OK);
    assert_false(
        ring_area_holds(&update.shared->image, sizeof update.shared->image, update.fresh.bytes));
    finish(&update);
}

/* Nothing else is due then, perhaps for hours. */
static void what_a_killed_writer_left_is_scrubbed_when_a_process_maintains_its_ring(void **state)
{
    struct update update;
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    kill_writer_between_the_sides(&update);
    ring_set_time(update.now);
    stek_private_unmap(ring->shared);
    ring->shared = update.shared;
    ring->image = &update.shared->image;
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    assert_false(holds_retired(&update, &update.shared->image));
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_sees_the_old_or_the_new_state_after_every_instruction),
        cmocka_unit_test(scrubbing_after_any_instruction_leaves_one_state_only),
        cmocka_unit_test(after_a_kill_the_next_process_finishes_and_nothing_retired_is_left),
        cmocka_unit_test(what_a_killed_writer_left_is_scrubbed_by_the_next_update),
        cmocka_unit_test(a_key_that_a_killed_writer_never_published_is_scrubbed_by_the_next_update),
        cmocka_unit_test(what_a_killed_writer_left_is_scrubbed_when_a_process_maintains_its_ring),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
