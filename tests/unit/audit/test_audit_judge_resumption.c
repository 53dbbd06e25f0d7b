/* SPDX-License-Identifier: Apache-2.0 */
/* Whether tickets resume, why not always, what comes with it; damaged tickets. */
#include "unit.h"

#include "audit_scene.h"

#include <string.h>

static void tells_that_all_resume(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect(scene, STEK_AUDIT_RESUMES, STEK_AUDIT_INFO, "2 of 2 tries resumed");
    scene_expect_none(scene, STEK_AUDIT_RESUMES_NEVER);
    scene_expect_none(scene, STEK_AUDIT_RESUMES_PARTLY);
}

static void finds_tickets_that_never_resume(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 3; i++)
        (void)scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'),
                        false);
    scene_expect(scene, STEK_AUDIT_RESUMES_NEVER, STEK_AUDIT_LOW, "0 of 3 tries resumed");
    scene_expect_none(scene, STEK_AUDIT_RESUMES);
}

/* nginx with `ssl_session_tickets off` and no session cache, in TLS 1.3: there is nothing that
 * could be switched off. */
static void references_that_never_resume_are_only_told(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 3; i++) {
        const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS13, 'k');
        scene->obs.tickets[ticket].len = i == 0 ? 33 : 32;
        (void)scene_try(scene, STEK_AUDIT_RESUME, ticket, false);
    }
    scene_expect(scene, STEK_AUDIT_RESUMES_NEVER, STEK_AUDIT_LOW, "0 of 3 tries resumed");
    scene->obs.tickets[0].len = 32;
    scene_expect(scene, STEK_AUDIT_RESUMES_NEVER, STEK_AUDIT_INFO, "no key to steal");
    scene->obs.handshakes[1].resumed = true;
    scene_expect(scene, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW, "a server that forgets some");
}

static void never_says_what_it_looks_like_when_there_are_several_names(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 6; i++)
        (void)scene_try(scene, STEK_AUDIT_RESUME,
                        scene_offer(scene, target, STEK_AUDIT_TLS12, i % 2 == 0 ? 'x' : 'y'),
                        false);
    scene_expect(scene, STEK_AUDIT_RESUMES_NEVER, STEK_AUDIT_LOW, "2 or more processes or hosts");
}

/* A lost connection is no refusal. */
static void a_try_that_did_not_reach_the_server_does_not_count(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_sound(scene);

    scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'), false)
        ->outcome = STEK_AUDIT_UNREACHABLE;
    scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'), false)
        ->outcome = STEK_AUDIT_TIMEOUT;
    scene_expect(scene, STEK_AUDIT_RESUMES, STEK_AUDIT_INFO, "2 of 2");
    scene_expect_none(scene, STEK_AUDIT_RESUMES_PARTLY);
}

static void names_that_take_turns_look_like_processes(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 8; i++) {
        const uint32_t ticket =
            scene_offer(scene, target, STEK_AUDIT_TLS12, i % 2 == 0 ? 'x' : 'y');
        (void)scene_try(scene, STEK_AUDIT_RESUME, ticket, i % 3 == 0);
    }
    scene_try(scene, STEK_AUDIT_RESUME, 0, false);
    scene_expect(scene, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW, "2 or more processes or hosts");
    scene_expect(scene, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_LOW, "2 or more processes or hosts");
}

static void processes_that_know_each_others_keys_are_only_told(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 8; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS12, i % 2 == 0 ? 'x' : 'y');
    for (uint32_t i = 0; i < 8; i++)
        (void)scene_try(scene, STEK_AUDIT_RESUME, i, true);
    scene_expect(scene, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_INFO, "that know each other's keys");
    scene_expect_none(scene, STEK_AUDIT_RESUMES_PARTLY);
}

static void a_name_that_ends_and_takes_its_tickets_along_looks_like_a_restart(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 4; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 'x');
    (void)scene_try(scene, STEK_AUDIT_RESUME, 0, true);
    for (int i = 0; i < 4; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 'y');
    (void)scene_try(scene, STEK_AUDIT_RESUME, 1, false);
    (void)scene_try(scene, STEK_AUDIT_RESUME, 4, true);
    scene_expect(scene, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_LOW, "looks like a restart");
    scene_expect(scene, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW, "looks like a restart");
}

/* The try that shows the restart brings the first ticket of the new name itself. */
static void a_restart_shows_in_a_single_try(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 4; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS13, 'x');
    (void)scene_try(scene, STEK_AUDIT_RESUME, 3, true);
    (void)scene_try(scene, STEK_AUDIT_RESUME, 2, false);
    (void)scene_ticket(scene, 'y');
    (void)scene_try(scene, STEK_AUDIT_RESUME, 4, true);
    scene_expect(scene, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_LOW,
                 "0 of 1 ticket of an earlier one resumed");
}

static void a_name_that_ends_and_still_opens_looks_like_rotation(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 8; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS12, i < 4 ? 'x' : 'y');
    (void)scene_try(scene, STEK_AUDIT_RESUME, 0, true);
    scene_expect(scene, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_INFO, "looks like rotation");
}

static void one_key_name_is_no_finding_of_several(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_SEVERAL_KEYS);
    scene_expect(scene, STEK_AUDIT_KEY_NAME, STEK_AUDIT_INFO, "16 bytes, 1 seen: 6b6b6b6b");
}

static void refusals_under_one_name_are_told_by_their_order(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 6; i++)
        (void)scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'),
                        i < 3);
    scene_expect(scene, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW,
                 "a restart, or keys that were lost");
    for (int i = 0; i < 6; i++)
        (void)scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'),
                        i % 2 == 0);
    scene_expect(scene, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW, "a second process or host");
}

static void finds_a_resumption_of_tls_1_3_without_a_new_ticket(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS13, 'k'), true)
        ->tickets = 0;
    (void)scene_try(scene, STEK_AUDIT_RESUME, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'),
                    true);
    scene_expect(scene, STEK_AUDIT_RENEWAL_MISSING, STEK_AUDIT_LOW,
                 "no new ticket in 1 resumption;");
    assert_int_equal(scene_found(scene, STEK_AUDIT_RENEWAL_MISSING)->version, STEK_AUDIT_TLS13);
    assert_int_equal(scene_count(scene, STEK_AUDIT_RENEWAL_MISSING), 1);
}

static void tells_at_what_age_a_ticket_was_renewed(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');

    (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, true);
    scene->now += 5400;
    scene_try(scene, STEK_AUDIT_LIFE, ticket, true)->tickets = 1;
    scene_expect(scene, STEK_AUDIT_RENEWAL, STEK_AUDIT_INFO,
                 "1 of 2 resumptions brought a new ticket; the youngest");
    scene_expect_none(scene, STEK_AUDIT_RENEWAL_MISSING);
}

static void tells_a_ticket_that_serves_twice(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_TICKET_REUSED);
    (void)scene_try(scene, STEK_AUDIT_REUSE, 0, true); /* TLS 1.2: that is what tickets are for */
    scene_expect_none(scene, STEK_AUDIT_TICKET_REUSED);
    (void)scene_try(scene, STEK_AUDIT_REUSE, 1, true);
    scene_expect(scene, STEK_AUDIT_TICKET_REUSED, STEK_AUDIT_INFO, "in 1 try");
}

static void finds_resumption_without_a_key_exchange(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    (void)scene_try(scene, STEK_AUDIT_PSK_ONLY, 1, false);
    scene_expect_none(scene, STEK_AUDIT_PSK_WITHOUT_DHE);
    scene_try(scene, STEK_AUDIT_PSK_ONLY, 1, true)->dhe = false;
    scene_expect(scene, STEK_AUDIT_PSK_WITHOUT_DHE, STEK_AUDIT_MEDIUM, "psk_ke");
}

static void finds_a_session_that_goes_on_in_another_version(void **state)
{
    struct scene *scene = *state;
    struct stek_audit_handshake *h;

    (void)scene_sound(scene);
    h = scene_try(scene, STEK_AUDIT_OTHER_VERSION, 0, false);
    h->version_offered = h->version = STEK_AUDIT_TLS13;
    scene_expect_none(scene, STEK_AUDIT_PROTOCOL_CHANGED);
    h = scene_try(scene, STEK_AUDIT_OTHER_VERSION, 0, true);
    h->version_offered = h->version = STEK_AUDIT_TLS13;
    scene_expect(scene, STEK_AUDIT_PROTOCOL_CHANGED, STEK_AUDIT_HIGH,
                 "a session of TLS 1.2 went on in TLS 1.3");
}

static void finds_a_session_that_goes_on_with_another_suite(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_try(scene, STEK_AUDIT_OTHER_CIPHER, 1, true)->cipher =
        0x1303; /* the same hash: TLS 1.3 allows it */
    scene_try(scene, STEK_AUDIT_OTHER_CIPHER, 0, false)->cipher = 0xc02f;
    scene_expect_none(scene, STEK_AUDIT_CIPHER_CHANGED);
    scene_try(scene, STEK_AUDIT_OTHER_CIPHER, 0, true)->cipher = 0xc02f;
    scene_expect(scene, STEK_AUDIT_CIPHER_CHANGED, STEK_AUDIT_MEDIUM,
                 "suite c02b went on with suite c02f");
    scene_try(scene, STEK_AUDIT_OTHER_CIPHER, 1, true)->cipher = 0x1302;
    scene_judge(scene);
    assert_int_equal(scene_count(scene, STEK_AUDIT_CIPHER_CHANGED), 2);
}

static void finds_a_changed_ticket_that_resumes(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_NO_MAC);
    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 77;
    scene_expect(scene, STEK_AUDIT_NO_MAC, STEK_AUDIT_CRITICAL,
                 "1 of 11 changed tickets resumed: with byte 77 changed");
}

static void answer_with(struct scene *scene, int32_t at, uint8_t alert)
{
    struct stek_audit_handshake *h = scene_try(scene, STEK_AUDIT_TAMPER, 0, false);

    h->flip_at = at;
    h->outcome = STEK_AUDIT_ALERT;
    h->alert = alert;
    h->finished = false;
}

static void finds_answers_that_depend_on_the_byte_that_was_changed(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_PADDING_ORACLE);
    scene_expect_none(scene, STEK_AUDIT_ERROR_DIFFERS);
    answer_with(scene, 120, 20);
    answer_with(scene, 130, 20);
    scene_expect(scene, STEK_AUDIT_PADDING_ORACLE, STEK_AUDIT_HIGH,
                 "alert 20 (2 times, as with byte 120)");
    scene_expect_none(scene, STEK_AUDIT_ERROR_DIFFERS);
}

/* A single odd answer may be the network's: told, and not called an oracle. */
static void one_odd_answer_is_no_oracle(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    answer_with(scene, 120, 20);
    scene_expect_none(scene, STEK_AUDIT_PADDING_ORACLE);
    scene_expect(scene, STEK_AUDIT_ERROR_DIFFERS, STEK_AUDIT_LOW, "alert 20");
}

static void finds_damage_that_is_always_answered_with_an_alert(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    (void)scene_try(scene, STEK_AUDIT_UNKNOWN, scene_offer(scene, target, STEK_AUDIT_TLS12, 'k'),
                    false);
    for (int32_t at = 40; at < 160; at += 20)
        answer_with(scene, at, 51);
    scene_expect(scene, STEK_AUDIT_ERROR_DIFFERS, STEK_AUDIT_LOW,
                 "alert 51; random bytes with a full handshake");
    scene_expect_none(scene, STEK_AUDIT_PADDING_ORACLE);
}

static void a_lost_connection_is_no_answer(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    for (int i = 0; i < 4; i++)
        scene_try(scene, STEK_AUDIT_TAMPER, 0, false)->outcome =
            i % 2 == 0 ? STEK_AUDIT_TIMEOUT : STEK_AUDIT_UNREACHABLE;
    scene_expect_none(scene, STEK_AUDIT_PADDING_ORACLE);
    scene_expect_none(scene, STEK_AUDIT_ERROR_DIFFERS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(tells_that_all_resume),
        WITH_SCENE(finds_tickets_that_never_resume),
        WITH_SCENE(references_that_never_resume_are_only_told),
        WITH_SCENE(never_says_what_it_looks_like_when_there_are_several_names),
        WITH_SCENE(a_restart_shows_in_a_single_try),
        WITH_SCENE(a_try_that_did_not_reach_the_server_does_not_count),
        WITH_SCENE(names_that_take_turns_look_like_processes),
        WITH_SCENE(processes_that_know_each_others_keys_are_only_told),
        WITH_SCENE(a_name_that_ends_and_takes_its_tickets_along_looks_like_a_restart),
        WITH_SCENE(a_name_that_ends_and_still_opens_looks_like_rotation),
        WITH_SCENE(one_key_name_is_no_finding_of_several),
        WITH_SCENE(refusals_under_one_name_are_told_by_their_order),
        WITH_SCENE(finds_a_resumption_of_tls_1_3_without_a_new_ticket),
        WITH_SCENE(tells_at_what_age_a_ticket_was_renewed),
        WITH_SCENE(tells_a_ticket_that_serves_twice),
        WITH_SCENE(finds_resumption_without_a_key_exchange),
        WITH_SCENE(finds_a_session_that_goes_on_in_another_version),
        WITH_SCENE(finds_a_session_that_goes_on_with_another_suite),
        WITH_SCENE(finds_a_changed_ticket_that_resumes),
        WITH_SCENE(finds_answers_that_depend_on_the_byte_that_was_changed),
        WITH_SCENE(one_odd_answer_is_no_oracle),
        WITH_SCENE(finds_damage_that_is_always_answered_with_an_alert),
        WITH_SCENE(a_lost_connection_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
