/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets offered, lifetimes, renewal, resumption: each finding, and a sound server without it. */
#include "unit.h"

#include "audit_scene.h"

#include <string.h>

static void a_sound_server_has_nothing_worse_than_info(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_judge(scene);
    for (size_t i = 0; i < scene->findings.len; i++)
        if (scene->findings.items[i].severity > STEK_AUDIT_INFO)
            fail_msg("%s: %s", stek_audit_id_info(scene->findings.items[i].id)->name,
                     scene->findings.items[i].observed);
    assert_int_equal(scene_count(scene, STEK_AUDIT_OFFERED), 2);
    assert_int_equal(scene_count(scene, STEK_AUDIT_RESUMES), 2);
    assert_int_equal(scene_count(scene, STEK_AUDIT_NO_WEAK_KEY), 2);
    assert_int_equal(scene_count(scene, STEK_AUDIT_RENEWAL), 1);
    assert_int_equal(scene_count(scene, STEK_AUDIT_KEY_NAME), 1);
}

static void tells_what_is_offered(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect(scene, STEK_AUDIT_OFFERED, STEK_AUDIT_INFO,
                 "1 a handshake, in 2 full handshakes, lifetime 2 h, 160 bytes each");
    scene_expect_none(scene, STEK_AUDIT_NOT_OFFERED);
    scene_expect_none(scene, STEK_AUDIT_VERSION_MISSING);
    scene_expect_none(scene, STEK_AUDIT_NOT_REACHED);
    scene_expect_none(scene, STEK_AUDIT_INTERRUPTED);
}

static void tells_that_no_tickets_are_offered(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    (void)scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);
    scene_expect(scene, STEK_AUDIT_NOT_OFFERED, STEK_AUDIT_INFO, "no ticket in 1 full handshake");
    scene_expect_none(scene, STEK_AUDIT_OFFERED);
}

static void tells_that_the_server_keeps_the_state_itself(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    (void)scene_offer(scene, target, STEK_AUDIT_TLS13, 'k');
    scene->obs.tickets[0].len = 32;
    scene_expect(scene, STEK_AUDIT_OFFERED, STEK_AUDIT_INFO, "the server keeps its state itself");
    scene_expect_none(scene,
                      STEK_AUDIT_NO_WEAK_KEY); /* there is nothing in it that a key could open */
}

static void tells_a_version_that_is_not_spoken(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_sound(scene);
    const uint32_t other = scene_target(scene, "b", "b");

    (void)target;
    (void)scene_full(scene, STEK_AUDIT_OFFER, other, STEK_AUDIT_TLS13);
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, other, STEK_AUDIT_TLS12);
    h->outcome = STEK_AUDIT_ALERT;
    h->alert = 70;
    h->version = 0;
    h->finished = false;
    scene_expect(scene, STEK_AUDIT_VERSION_MISSING, STEK_AUDIT_INFO,
                 "1 of 1 handshake failed: alert 70");
    assert_int_equal(scene_count(scene, STEK_AUDIT_VERSION_MISSING), 1);
    scene_expect_none(scene, STEK_AUDIT_NOT_REACHED);
}

static void tells_a_target_that_is_not_reached(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);

    h->outcome = STEK_AUDIT_UNREACHABLE;
    h->version = 0;
    SCENE_SET(h->problem, "Connection refused");
    scene_expect(scene, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO,
                 "no connection (Connection refused)");
    scene_expect_none(scene, STEK_AUDIT_VERSION_MISSING);
}

static void tells_that_a_client_certificate_is_wanted(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);

    h->outcome = STEK_AUDIT_ALERT;
    h->alert = 116;
    scene_expect(scene, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO, "alert 116");
    assert_null(strstr(scene_found(scene, STEK_AUDIT_NOT_REACHED)->observed, "--cert"));
    h->cert_requested = true;
    scene_expect(scene, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO, "give one with --cert and --key");
    h->cert_sent = true;
    scene_judge(scene);
    assert_null(strstr(scene_found(scene, STEK_AUDIT_NOT_REACHED)->observed, "--cert"));
}

static void tells_a_port_that_speaks_something_else(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);

    h->outcome = STEK_AUDIT_REJECTED;
    h->version = 0;
    h->finished = false;
    SCENE_SET(h->problem, "wrong version number");
    scene_expect(scene, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO,
                 "is not TLS; does it need --starttls?");
}

static void says_when_it_was_stopped_early(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.interrupted = true;
    scene_expect(scene, STEK_AUDIT_INTERRUPTED, STEK_AUDIT_INFO, "stopped early");
}

static void finds_lifetimes_over_seven_days(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.tickets[1].hint_s = 7 * 86400 + 1; /* TLS 1.3 */
    scene_expect(scene, STEK_AUDIT_HINT_OVER_7D, STEK_AUDIT_MEDIUM, "lifetime 604801 s (7 days)");
    scene_expect_none(scene, STEK_AUDIT_HINT_OVER_24H);
    scene->obs.tickets[1].hint_s = 7200;
    scene->obs.tickets[0].hint_s = 8 * 86400; /* TLS 1.2 has no limit, but its keys are as old */
    scene_expect(scene, STEK_AUDIT_HINT_OVER_7D, STEK_AUDIT_MEDIUM, "8 days");
}

static void finds_lifetimes_over_a_day_up_to_seven(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.tickets[1].hint_s = 86400;
    scene_expect_none(scene, STEK_AUDIT_HINT_OVER_24H);
    scene->obs.tickets[1].hint_s = 86401;
    scene_expect(scene, STEK_AUDIT_HINT_OVER_24H, STEK_AUDIT_LOW, "86401 s");
    scene->obs.tickets[1].hint_s = 7 * 86400;
    scene_expect(scene, STEK_AUDIT_HINT_OVER_24H, STEK_AUDIT_LOW, "604800 s");
    scene_expect_none(scene, STEK_AUDIT_HINT_OVER_7D);
}

static void tells_a_missing_lifetime(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_HINT_MISSING);
    scene->obs.tickets[0].hint_s = 0;
    scene_expect(scene, STEK_AUDIT_HINT_MISSING, STEK_AUDIT_INFO, "lifetime 0 on 1 of 2 tickets");
    scene->obs.tickets[0].hint_s = 7200;
    scene->obs.tickets[scene_offer(scene, 0, STEK_AUDIT_TLS12, 'k')].hint_s = 0;
    scene_judge(scene);
    for (size_t i = 0; i < scene->findings.len; i++)
        assert_null(strstr(scene->findings.items[i].observed, "lifetime 0 s to"));
}

static void findings_are_sorted_the_gravest_first(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.tickets[1].hint_s = 8 * 86400;
    scene->obs.tickets[0].hint_s = 2 * 86400;
    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 40;
    scene_judge(scene);
    assert_int_equal(scene->findings.items[0].id, STEK_AUDIT_NO_MAC);
    assert_int_equal(scene->findings.items[1].id, STEK_AUDIT_HINT_OVER_7D);
    assert_int_equal(scene->findings.items[2].id, STEK_AUDIT_HINT_OVER_24H);
}

static void the_same_observation_gives_the_same_findings(void **state)
{
    struct scene *scene = *state;
    struct stek_audit_findings again;

    (void)scene_sound(scene);
    scene_judge(scene);
    assert_int_equal(stek_audit_judge(&scene->obs, NULL, &again), STEK_OK);
    assert_int_equal(again.len, scene->findings.len);
    for (size_t i = 0; i < again.len; i++) {
        assert_int_equal(again.items[i].id, scene->findings.items[i].id);
        assert_string_equal(again.items[i].observed, scene->findings.items[i].observed);
    }
    stek_audit_findings_fini(&again);
}

static void words_from_a_server_cannot_steer_a_terminal(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);

    h->outcome = STEK_AUDIT_UNREACHABLE;
    h->version = 0;
    SCENE_SET(h->problem, "\033[31mred\n\xc3\xa9");
    scene_expect(scene, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO, "(?[31mred?");
}

static bool stop_at_once(void *arg)
{
    (void)arg;
    return true;
}

static void says_when_the_dictionary_was_stopped(void **state)
{
    struct scene *scene = *state;
    const struct stek_audit_judge_hooks hooks = {NULL, stop_at_once, NULL};

    (void)scene_sound(scene);
    assert_int_equal(stek_audit_judge(&scene->obs, &hooks, &scene->findings), STEK_OK);
    assert_non_null(strstr(scene_found(scene, STEK_AUDIT_INTERRUPTED)->observed, "dictionary"));
    assert_null(scene_found(scene, STEK_AUDIT_NO_WEAK_KEY));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(a_sound_server_has_nothing_worse_than_info),
        WITH_SCENE(tells_what_is_offered),
        WITH_SCENE(tells_that_no_tickets_are_offered),
        WITH_SCENE(tells_that_the_server_keeps_the_state_itself),
        WITH_SCENE(tells_a_version_that_is_not_spoken),
        WITH_SCENE(tells_a_target_that_is_not_reached),
        WITH_SCENE(tells_that_a_client_certificate_is_wanted),
        WITH_SCENE(tells_a_port_that_speaks_something_else),
        WITH_SCENE(says_when_it_was_stopped_early),
        WITH_SCENE(finds_lifetimes_over_seven_days),
        WITH_SCENE(finds_lifetimes_over_a_day_up_to_seven),
        WITH_SCENE(tells_a_missing_lifetime),
        WITH_SCENE(findings_are_sorted_the_gravest_first),
        WITH_SCENE(the_same_observation_gives_the_same_findings),
        WITH_SCENE(words_from_a_server_cannot_steer_a_terminal),
        WITH_SCENE(says_when_the_dictionary_was_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
