/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9325, rule by rule: kept, broken, and not seen. */
#include "unit.h"

#include "audit_scene.h"

#include "audit/judge/profile.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

/* Judges; the verdict on a rule of the first target, or -1 where the rule is not there. */
static int verdict(struct scene *scene, uint16_t version, enum stek_audit_rule_id id)
{
    struct stek_audit_profile profile;
    int found = -1;

    scene_judge(scene);
    assert_int_equal(stek_audit_judge_profile(&scene->obs, &scene->findings, &profile), STEK_OK);
    for (size_t i = 0; i < profile.len; i++) {
        const struct stek_audit_rule *rule = &profile.rules[i];
        assert_true(rule->seen[0] != '\0');
        if (rule->target == 0 && rule->version == version && rule->id == id)
            found = (int)rule->verdict;
    }
    stek_audit_profile_fini(&profile);
    return found;
}

static void expect(struct scene *scene, uint16_t version, enum stek_audit_rule_id id, int wanted)
{
    const int seen = verdict(scene, version, id);

    if (seen != wanted)
        fail_msg("rule \"%s\": %d, not %d", stek_audit_rule_info(id)->text, seen, wanted);
}

static void a_sound_server_meets_what_can_be_seen(void **state)
{
    struct scene *scene = *state;
    static const int tls12[STEK_AUDIT_RULES] = {STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                -1,
                                                -1};
    static const int tls13[STEK_AUDIT_RULES] = {STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_NOT_SEEN,
                                                STEK_AUDIT_RULE_MET,
                                                -1,
                                                STEK_AUDIT_RULE_MET,
                                                STEK_AUDIT_RULE_MET};
    struct stek_audit_profile profile;

    (void)scene_sound(scene);
    scene_judge(scene);
    assert_int_equal(stek_audit_judge_profile(&scene->obs, &scene->findings, &profile), STEK_OK);
    size_t at = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < STEK_AUDIT_RULES; i++) {
            const int wanted = k == 0 ? tls12[i] : tls13[i];
            if (wanted < 0)
                continue;
            assert_int_equal(profile.rules[at].id, i);
            assert_int_equal(profile.rules[at].verdict, wanted);
            at++;
        }
    assert_int_equal(profile.len, at);
    stek_audit_profile_fini(&profile);
}

static void a_changed_ticket_that_resumes_is_not_authenticated(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 77;
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_AUTHENTICATED, STEK_AUDIT_RULE_NOT_MET);
    expect(scene, STEK_AUDIT_TLS13, STEK_AUDIT_RULE_AUTHENTICATED, STEK_AUDIT_RULE_MET);
}

/* A server that refuses every ticket refuses changed ones, too. */
static void refusals_prove_nothing_where_no_ticket_resumes(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a.example", "a.example");
    const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');

    (void)scene_try(scene, STEK_AUDIT_RESUME, ticket, false);
    scene_try(scene, STEK_AUDIT_TAMPER, ticket, false)->flip_at = 77;
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_AUTHENTICATED, STEK_AUDIT_RULE_NOT_SEEN);
}

static void a_ticket_with_its_secret_in_it_is_not_encrypted(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    memcpy(scene->obs.tickets[0].bytes + 40, scene->obs.tickets[0].secret,
           scene->obs.tickets[0].secret_len);
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_ENCRYPTED, STEK_AUDIT_RULE_NOT_MET);
}

static void keys_that_change_in_a_week_meet_the_rule(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a.example", "a.example");

    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 2; i++)
            (void)scene_offer(scene, target, STEK_AUDIT_TLS12, (uint8_t)('k' + day));
        scene->now += DAY_S;
    }
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_KEYS_CHANGE, STEK_AUDIT_RULE_MET);
}

static void a_key_of_more_than_a_week_breaks_the_rule(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a.example", "a.example");

    (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');
    scene->now += 6 * DAY_S;
    (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_KEYS_CHANGE, STEK_AUDIT_RULE_NOT_SEEN);
    scene->now += 2 * DAY_S;
    (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_KEYS_CHANGE, STEK_AUDIT_RULE_NOT_MET);
}

static void the_time_that_tickets_state_is_compared_with_half_a_week_and_a_week(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.tickets[0].hint_s = 6 * DAY_S;
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_TICKET_LIFE, STEK_AUDIT_RULE_NOT_SEEN);
    scene->obs.tickets[0].hint_s = 8 * DAY_S;
    expect(scene, STEK_AUDIT_TLS12, STEK_AUDIT_RULE_TICKET_LIFE, STEK_AUDIT_RULE_NOT_MET);
}

static void a_resumption_without_a_key_share_breaks_the_rule(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_try(scene, STEK_AUDIT_RESUME, 1, true)->dhe = false;
    assert_int_equal(scene->obs.tickets[1].version, STEK_AUDIT_TLS13);
    expect(scene, STEK_AUDIT_TLS13, STEK_AUDIT_RULE_KEY_SHARE, STEK_AUDIT_RULE_NOT_MET);
}

static void early_data_that_is_offered_cannot_be_judged_from_outside(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene->obs.tickets[1].max_early_data = 16384;
    expect(scene, STEK_AUDIT_TLS13, STEK_AUDIT_RULE_EARLY_DATA, STEK_AUDIT_RULE_NOT_SEEN);
}

static void a_server_without_tickets_meets_and_breaks_nothing(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a.example", "a.example");

    (void)scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS12);
    for (int i = 0; i < STEK_AUDIT_RULE_KEY_SHARE; i++)
        expect(scene, STEK_AUDIT_TLS12, (enum stek_audit_rule_id)i, STEK_AUDIT_RULE_NOT_SEEN);
    expect(scene, STEK_AUDIT_TLS13, STEK_AUDIT_RULE_ENCRYPTED, -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(a_sound_server_meets_what_can_be_seen),
        WITH_SCENE(a_changed_ticket_that_resumes_is_not_authenticated),
        WITH_SCENE(refusals_prove_nothing_where_no_ticket_resumes),
        WITH_SCENE(a_ticket_with_its_secret_in_it_is_not_encrypted),
        WITH_SCENE(keys_that_change_in_a_week_meet_the_rule),
        WITH_SCENE(a_key_of_more_than_a_week_breaks_the_rule),
        WITH_SCENE(the_time_that_tickets_state_is_compared_with_half_a_week_and_a_week),
        WITH_SCENE(a_resumption_without_a_key_share_breaks_the_rule),
        WITH_SCENE(early_data_that_is_offered_cannot_be_judged_from_outside),
        WITH_SCENE(a_server_without_tickets_meets_and_breaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
