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

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
