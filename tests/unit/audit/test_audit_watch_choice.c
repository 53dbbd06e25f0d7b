/* SPDX-License-Identifier: Apache-2.0 */
/* Which ticket a watch offers next, on a virtual clock. */
#include "audit_scene.h"
#include "unit.h"

#include "audit/observe/watch_choice.h"

#include <stdlib.h>

enum { VERSION = STEK_AUDIT_TLS13, HINT_S = 3600, SAMPLE_S = 60 };

/* A fresh ticket every SAMPLE_S, `count` times; a full handshake brings one. */
static void sample(struct scene *scene, uint32_t target, int count)
{
    for (int i = 0; i < count; i++) {
        (void)scene_offer(scene, target, VERSION, 1);
        scene->obs.tickets[scene->obs.tickets_len - 1].hint_s = HINT_S;
        scene->now += SAMPLE_S;
    }
}

static uint32_t begin(struct scene *scene)
{
    scene->obs.plan.watch_s = 48 * 3600;
    scene->obs.plan.sample_s = SAMPLE_S;
    return scene_target(scene, "a.example", "a.example");
}

static int64_t age(const struct scene *scene, uint32_t ticket)
{
    return scene->now - scene->obs.tickets[ticket].received;
}

static void a_ticket_is_left_to_wait_before_it_is_tried(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    assert_int_equal(stek_audit_choose_life(&scene->obs, target, VERSION, scene->now),
                     STEK_AUDIT_NONE);
    sample(scene, target, 1);
    assert_int_equal(stek_audit_choose_life(&scene->obs, target, VERSION, scene->now),
                     STEK_AUDIT_NONE);
    scene->now += HINT_S / 40;
    assert_int_equal(stek_audit_choose_life(&scene->obs, target, VERSION, scene->now), 0);
}

static void no_ticket_is_tried_twice(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    sample(scene, target, 3);
    scene->now += 600;
    const uint32_t first = stek_audit_choose_life(&scene->obs, target, VERSION, scene->now);
    (void)scene_try(scene, STEK_AUDIT_LIFE, first, true);
    scene->now += 600;
    assert_int_not_equal(stek_audit_choose_life(&scene->obs, target, VERSION, scene->now), first);
}

/* A server whose tickets live for `life_s`. Plays the watch for `rounds` and returns what is known
 * of it. */
static void play(struct scene *scene, uint32_t target, int64_t life_s, int rounds,
                 int64_t *ret_alive, int64_t *ret_dead)
{
    *ret_alive = 0;
    *ret_dead = INT64_MAX;
    for (int i = 0; i < rounds; i++) {
        sample(scene, target, 1);
        const uint32_t ticket = stek_audit_choose_life(&scene->obs, target, VERSION, scene->now);
        if (ticket == STEK_AUDIT_NONE)
            continue;
        const int64_t is = age(scene, ticket);
        (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, is <= life_s);
        *ret_alive = is <= life_s && is > *ret_alive ? is : *ret_alive;
        *ret_dead = is > life_s && is < *ret_dead ? is : *ret_dead;
    }
}

static void the_end_of_a_ticket_is_found_to_within_two_samples(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);
    int64_t alive, dead;

    play(scene, target, 2000, 200, &alive, &dead);
    assert_true(alive <= 2000 && dead > 2000);
    assert_true(dead - alive <= 2 * SAMPLE_S);
}

static void tickets_that_never_die_are_followed_as_far_as_the_watch_goes(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);
    int64_t alive, dead;

    play(scene, target, INT64_MAX, 200, &alive, &dead);
    assert_int_equal(dead, INT64_MAX);
    assert_true(alive > HINT_S);
}

static void a_chain_begins_with_the_newest_ticket_and_goes_on_with_each_renewal(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, VERSION), STEK_AUDIT_NONE);
    sample(scene, target, 2);
    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, VERSION), 1);
    (void)scene_try(scene, STEK_AUDIT_CHAIN, 1, true);
    (void)scene_ticket(scene, 1);
    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, VERSION), 2);
}

static void a_chain_that_was_refused_begins_anew(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    sample(scene, target, 2);
    (void)scene_try(scene, STEK_AUDIT_CHAIN, 1, false);
    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, VERSION), 0);
}

static void a_connection_that_failed_says_nothing_about_the_chain(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    sample(scene, target, 2);
    struct stek_audit_handshake *shake = scene_try(scene, STEK_AUDIT_CHAIN, 1, false);
    shake->finished = false;
    shake->outcome = STEK_AUDIT_UNREACHABLE;
    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, VERSION), 1);
}

static void a_tls12_chain_goes_on_with_the_same_ticket_until_it_is_renewed(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 1);
    (void)scene_try(scene, STEK_AUDIT_CHAIN, 0, true);
    assert_int_equal(stek_audit_choose_chain(&scene->obs, target, STEK_AUDIT_TLS12), 0);
}

static void the_chain_of_a_ticket_goes_back_to_its_full_handshake(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = begin(scene);

    (void)scene_offer(scene, target, VERSION, 1);
    const int64_t start = scene->obs.handshakes[0].at;
    for (uint32_t link = 0; link < 5; link++) {
        scene->now += 1000;
        (void)scene_try(scene, STEK_AUDIT_CHAIN, link, true);
        (void)scene_ticket(scene, 1);
    }
    assert_int_equal(stek_audit_chain_start(&scene->obs, 5), start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_ticket_is_left_to_wait_before_it_is_tried),
        WITH_SCENE(no_ticket_is_tried_twice),
        WITH_SCENE(the_end_of_a_ticket_is_found_to_within_two_samples),
        WITH_SCENE(tickets_that_never_die_are_followed_as_far_as_the_watch_goes),
        WITH_SCENE(a_chain_begins_with_the_newest_ticket_and_goes_on_with_each_renewal),
        WITH_SCENE(a_chain_that_was_refused_begins_anew),
        WITH_SCENE(a_connection_that_failed_says_nothing_about_the_chain),
        WITH_SCENE(a_tls12_chain_goes_on_with_the_same_ticket_until_it_is_renewed),
        WITH_SCENE(the_chain_of_a_ticket_goes_back_to_its_full_handshake),
    };

    return cmocka_run_group_tests_name("audit watch choice", tests, NULL, NULL);
}
