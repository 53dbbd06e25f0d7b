/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd does when something is due and the random generator fails. Everything else about rings
 * is tested end to end. */
#include "unit.h"

#include "bad_rand.h"

#include "daemon/counting.h"
#include "daemon/next.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { START = 1800000000 };

struct place {
    char path[32];
    struct stek_config config;
    struct stek_rings rings;
};

/* The way of a reload. */
static bool apply(struct place *place, const struct stek_config *config, int64_t now,
                  struct stek_config_problem *ret_problem)
{
    struct stek_next *next;

    if (!stek_next_prepare(&place->rings, config, now, &next, ret_problem))
        return false;
    if (!stek_next_place(next, ret_problem)) {
        stek_next_give_up(next);
        return false;
    }
    stek_next_commit(next, now);
    return true;
}

static int enter(void **state)
{
    static const char text[] = "[ring web]\nrotate = 10s\naccept = 60s\n";
    struct place *place = calloc(1, sizeof *place);
    struct stek_config_problem problem;

    assert_non_null(place);
    (void)strcpy(place->path, "/dev/shm/stek-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    stek_config_init(&place->config);
    assert_true(stek_config_parse(&place->config, "a.conf", text, sizeof text - 1, &problem));
    stek_rings_init(&place->rings, open(place->path, O_RDONLY | O_DIRECTORY), false);
    assert_true(place->rings.dir_fd >= 0);
    *state = place;
    return 0;
}

static int leave(void **state)
{
    const struct stek_config none = {.ring_count = 0};
    struct stek_config_problem problem;
    struct place *place = *state;

    bad_rand_restore();
    assert_true(apply(place, &none, START, &problem)); /* takes the files away */
    (void)close(place->rings.dir_fd);
    stek_rings_fini(&place->rings);
    stek_config_fini(&place->config);
    assert_int_equal(rmdir(place->path), 0);
    free(place);
    return 0;
}

static struct stek_status_ring status_of(struct place *place, int64_t now)
{
    struct stek_status_ring status;

    stek_rings_describe(&place->rings, stek_rings_find(&place->rings, "web"), now, &status);
    return status;
}

static void a_turn_says_when_the_next_one_is_due(void **state)
{
    struct stek_config_problem problem;
    struct place *place = *state;

    assert_true(apply(place, &place->config, START, &problem));
    assert_int_equal(stek_rings_update(&place->rings, START), START + 10);
    assert_int_equal(stek_rings_update(&place->rings, START + 3), START + 10);
    assert_int_equal(stek_rings_update(&place->rings, START + 10), START + 20);
    assert_int_equal(stek_rings_find(&place->rings, "web")->rotations, 1);
    assert_int_equal(stek_rings_find(&place->rings, "web")->continuations, 0);
}

static void without_rings_nothing_is_due(void **state)
{
    struct place *place = *state;

    assert_true(stek_rings_update(&place->rings, START) == INT64_MAX);
}

/* mbedtls #5501, Caddy: one failure of the source of keys ended rotation for good. */
static void when_the_generator_fails_the_ring_goes_on_and_recovers(void **state)
{
    struct stek_config_problem problem;
    struct place *place = *state;
    int64_t now = START;

    assert_true(apply(place, &place->config, now, &problem));
    bad_rand_install(BAD_RAND_FAILS);
    for (int i = 0; i < 50; i++) {
        const int64_t next = stek_rings_update(&place->rings, now);
        assert_true(next > now && next <= now + 10);
        now = next;
        const struct stek_status_ring status = status_of(place, now);
        assert_non_null(stek_status_active(&status));
    }
    assert_true(bad_rand_draws() > 0);
    assert_true(stek_rings_find(&place->rings, "web")->continuations > 0);
    bad_rand_restore();
    for (int i = 0; i < 5; i++)
        now = stek_rings_update(&place->rings, now);
    const struct stek_status_ring status = status_of(place, now);
    assert_int_equal(status.health, STEK_STATUS_FINE);
    assert_int_equal(stek_status_active(&status)->origin, STEK_ORIGIN_PUBLISHED);
}

static void
a_ring_that_cannot_begin_without_random_bytes_is_refused_and_leaves_nothing(void **state)
{
    struct stek_config_problem problem = {.text = ""};
    struct place *place = *state;

    bad_rand_install(BAD_RAND_ZEROS);
    assert_false(apply(place, &place->config, START, &problem));
    assert_string_equal(problem.text,
                        "ring web: cannot be kept: the random generator failed or gave a weak key");
    assert_int_equal(place->rings.count, 0);
    bad_rand_restore();
    assert_true(apply(place, &place->config, START, &problem));
}

/* ---- another source ---- */

static void give_source(struct place *place, enum stek_source source, int64_t now)
{
    struct stek_config_problem problem;
    struct stek_config other = place->config;
    struct stek_config_ring ring = place->config.rings[0];

    ring.source = source;
    other.rings = &ring;
    assert_true(apply(place, &other, now, &problem));
}

static void read_ring(struct place *place, struct stek_ring_state *ret_state)
{
    assert_int_equal(stek_writer_state(stek_rings_find(&place->rings, "web")->writer, ret_state),
                     STEK_OK);
}

static bool active_is_one_of(const struct stek_records *records, const struct stek_records *others,
                             int64_t now)
{
    const int active = stek_records_active(records, now);

    return active >= 0 && stek_records_hold_secret(others, &records->at[active].secret);
}

static void a_ring_that_goes_to_a_fleet_keeps_its_keys_and_rotates_them(void **state)
{
    struct stek_config_problem problem;
    struct stek_ring_state before, after;
    struct place *place = *state;

    assert_true(apply(place, &place->config, START, &problem));
    read_ring(place, &before);
    give_source(place, STEK_SOURCE_FLEET, START + 1);
    read_ring(place, &after);
    assert_int_equal(after.source, STEK_SOURCE_FLEET);
    assert_true(stek_ring_state_is_own(&after));
    assert_memory_equal(&before.records, &after.records, sizeof before.records);
    for (int64_t now = START + 1; now < START + 200;)
        now = stek_rings_update(&place->rings, now);
    read_ring(place, &after);
    assert_true(stek_records_active(&after.records, START + 200) >= 0);
    assert_false(stek_records_hold_secret(&after.records, &before.records.at[0].secret));
    for (size_t i = 0; i < after.records.count; i++)
        assert_int_equal(after.records.at[i].origin, STEK_ORIGIN_PUBLISHED);
}

static void a_ring_that_comes_back_to_its_host_goes_on_with_its_keys(void **state)
{
    struct stek_config_problem problem;
    struct stek_ring_state before, after;
    struct place *place = *state;

    assert_true(apply(place, &place->config, START, &problem));
    give_source(place, STEK_SOURCE_SEED, START + 1);
    read_ring(place, &before);
    give_source(place, STEK_SOURCE_HOST, START + 2);
    read_ring(place, &after);
    assert_int_equal(after.source, STEK_SOURCE_HOST);
    assert_int_equal(after.flags, 0);
    assert_true(active_is_one_of(&after.records, &before.records, START + 2));
}

/* stek_change_fn: what a hand-over leaves, with a floor of the new source. */
static enum stek_result supersede_first(struct stek_ring_state *ring, int64_t now,
                                        const struct stek_fresh *fresh, void *arg)
{
    (void)now, (void)fresh, (void)arg;
    ring->records.at[0].origin = STEK_ORIGIN_SUPERSEDED;
    ring->flags = 0;
    ring->floor = 1;
    return STEK_OK;
}

static void what_another_source_left_is_destroyed_when_it_retires(void **state)
{
    struct stek_config_problem problem;
    struct stek_ring_state ring;
    struct place *place = *state;

    assert_true(apply(place, &place->config, START, &problem));
    give_source(place, STEK_SOURCE_FLEET, START);
    assert_int_equal(stek_writer_change(stek_rings_find(&place->rings, "web")->writer,
                                        supersede_first, NULL, START),
                     STEK_OK);
    read_ring(place, &ring);
    const struct stek_record first = ring.records.at[0];
    assert_true(stek_rings_update(&place->rings, START) == first.accept_until);
    assert_true(stek_rings_update(&place->rings, first.accept_until - 1) == first.accept_until);
    read_ring(place, &ring);
    assert_true(stek_records_hold_secret(&ring.records, &first.secret));
    assert_true(stek_rings_update(&place->rings, first.accept_until) == INT64_MAX);
    read_ring(place, &ring);
    assert_false(stek_records_hold_secret(&ring.records, &first.secret));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ring_that_goes_to_a_fleet_keeps_its_keys_and_rotates_them,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_ring_that_comes_back_to_its_host_goes_on_with_its_keys,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(what_another_source_left_is_destroyed_when_it_retires,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_turn_says_when_the_next_one_is_due, enter, leave),
        cmocka_unit_test_setup_teardown(without_rings_nothing_is_due, enter, leave),
        cmocka_unit_test_setup_teardown(when_the_generator_fails_the_ring_goes_on_and_recovers,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(
            a_ring_that_cannot_begin_without_random_bytes_is_refused_and_leaves_nothing, enter,
            leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
