/* SPDX-License-Identifier: Apache-2.0 */
/* What is new, gone and unchanged since an earlier audit. */
#include "unit.h"

#include "audit_scene.h"

#include "audit/judge/compare.h"

#include <stdlib.h>
#include <string.h>

struct two {
    struct scene *now, *then;
    struct stek_audit_since since;
};

static int set_up(void **state)
{
    struct two *two = calloc(1, sizeof *two);
    void *now = NULL, *then = NULL;

    if (two == NULL)
        return -1;
    if (scene_set_up(&now) != 0 || scene_set_up(&then) != 0) {
        free(two);
        return -1;
    }
    two->now = now;
    two->then = then;
    *state = two;
    return 0;
}

static int tear_down(void **state)
{
    struct two *two = *state;
    void *now = two->now, *then = two->then;

    stek_audit_since_fini(&two->since);
    (void)scene_tear_down(&now);
    (void)scene_tear_down(&then);
    free(two);
    return 0;
}

static void compare(struct two *two)
{
    scene_judge(two->now);
    scene_judge(two->then);
    assert_int_equal(stek_audit_compare(&two->now->obs, &two->now->findings, &two->then->obs,
                                        &two->then->findings, &two->since),
                     STEK_OK);
}

/* The n-th finding of an id; fails the test where there is none. */
static size_t place_of(const struct stek_audit_findings *findings, enum stek_audit_id id)
{
    for (size_t i = 0; i < findings->len; i++)
        if (findings->items[i].id == id)
            return i;
    fail_msg("no %s", stek_audit_id_info(id)->name);
    return 0;
}

static enum stek_audit_fate now(const struct two *two, enum stek_audit_id id)
{
    return two->since.now[place_of(&two->now->findings, id)];
}

static enum stek_audit_fate then(const struct two *two, enum stek_audit_id id)
{
    return two->since.then[place_of(&two->then->findings, id)];
}

static void forge(struct scene *scene)
{
    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 77;
}

static void what_the_earlier_audit_lacks_is_new(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    (void)scene_sound(two->now);
    forge(two->now);
    compare(two);
    assert_int_equal(now(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NEW);
    assert_int_equal(two->since.count[STEK_AUDIT_NEW], 1);
    assert_int_equal(two->since.count[STEK_AUDIT_GONE], 0);
}

static void what_this_audit_lacks_is_gone(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    (void)scene_sound(two->now);
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_GONE);
    assert_int_equal(two->since.count[STEK_AUDIT_GONE], 1);
    assert_int_equal(two->since.count[STEK_AUDIT_NEW], 0);
}

/* The figures in what was seen differ from run to run. */
static void what_both_have_is_unchanged_whatever_its_figures(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    (void)scene_sound(two->now);
    forge(two->now);
    forge(two->now);
    compare(two);
    assert_int_equal(now(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_UNCHANGED);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_UNCHANGED);
    assert_int_equal(two->since.count[STEK_AUDIT_NEW] + two->since.count[STEK_AUDIT_GONE], 0);
}

static void targets_are_known_by_name_not_by_place(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    (void)scene_target(two->now, "other.example", "other.example");
    (void)scene_sound(two->now);
    forge(two->now);
    compare(two);
    assert_int_equal(now(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_UNCHANGED);
    SCENE_SET(two->now->obs.targets[1].sni, "moved.example");
    stek_audit_since_fini(&two->since);
    compare(two);
    assert_int_equal(now(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NEW);
}

/* It is not mended because nobody looked. */
static void a_target_that_is_not_examined_loses_no_finding(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    (void)scene_target(two->now, "other.example", "other.example");
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NOT_LOOKED);
    assert_int_equal(two->since.count[STEK_AUDIT_GONE], 0);
    assert_false(stek_audit_share_target(&two->now->obs, &two->then->obs));
}

static void a_target_that_is_not_reached_loses_no_finding(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    const uint32_t target = scene_target(two->now, "a.example", "a.example");
    scene_full(two->now, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS12)->outcome =
        STEK_AUDIT_UNREACHABLE;
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NOT_LOOKED);
    assert_true(stek_audit_share_target(&two->now->obs, &two->then->obs));
}

static void an_audit_that_was_stopped_or_gave_up_loses_no_finding(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    forge(two->then);
    (void)scene_sound(two->now);
    two->now->obs.interrupted = true;
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NOT_LOOKED);
    two->now->obs.interrupted = false;
    SCENE_SET(two->now->obs.targets[0].gave_up, "it was too slow");
    stek_audit_since_fini(&two->since);
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_NO_MAC), STEK_AUDIT_NOT_LOOKED);
}

/* A key that is a day old in a watch cannot be seen in a minute. */
static void what_takes_a_watch_is_not_gone_without_one(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    two->then->obs.plan.watch_s = 2 * 86400;
    two->then->now += 90000;
    (void)scene_offer(two->then, 0, STEK_AUDIT_TLS12, 'k');
    (void)scene_sound(two->now);
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_ROTATION_SLOW), STEK_AUDIT_NOT_LOOKED);
    two->now->obs.plan.watch_s = 2 * 86400;
    stek_audit_since_fini(&two->since);
    compare(two);
    assert_int_equal(then(two, STEK_AUDIT_ROTATION_SLOW), STEK_AUDIT_GONE);
}

static void information_is_not_compared(void **state)
{
    struct two *two = *state;

    (void)scene_sound(two->then);
    (void)scene_sound(two->now);
    compare(two);
    assert_int_equal(now(two, STEK_AUDIT_RESUMES), STEK_AUDIT_NOT_COMPARED);
    assert_null(stek_audit_fate_name(STEK_AUDIT_NOT_COMPARED));
    for (int i = STEK_AUDIT_NEW; i < STEK_AUDIT_FATES; i++)
        assert_int_equal(two->since.count[i], 0);
}

#define WITH_TWO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_TWO(what_the_earlier_audit_lacks_is_new),
        WITH_TWO(what_this_audit_lacks_is_gone),
        WITH_TWO(what_both_have_is_unchanged_whatever_its_figures),
        WITH_TWO(targets_are_known_by_name_not_by_place),
        WITH_TWO(a_target_that_is_not_examined_loses_no_finding),
        WITH_TWO(a_target_that_is_not_reached_loses_no_finding),
        WITH_TWO(an_audit_that_was_stopped_or_gave_up_loses_no_finding),
        WITH_TWO(what_takes_a_watch_is_not_gone_without_one),
        WITH_TWO(information_is_not_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
