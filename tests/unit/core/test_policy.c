/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "core/policy.h"

#include <string.h>

enum { DAY_S = 86400 };

/* Sound, and far enough from every limit that one field can go to its own. */
static const struct stek_policy roomy = {
    .rotate_s = 3600, .accept_s = 3600, .max_session_age_s = 3600, .ahead = 1};

static void assert_sound(struct stek_policy policy)
{
    const char *problem = stek_policy_problem(&policy);

    if (problem != NULL)
        fail_msg("refused: %s", problem);
}

static void assert_problem_names(struct stek_policy policy, const char *field)
{
    const char *problem = stek_policy_problem(&policy);

    assert_non_null(problem);
    if (strncmp(problem, field, strlen(field)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", problem, field);
}

static void no_policy_means_the_defaults(void **state)
{
    const struct stek_policy policy = stek_policy_resolve(NULL);

    (void)state;
    assert_int_equal(policy.rotate_s, 3600);
    assert_int_equal(policy.accept_s, 12 * 3600);
    assert_int_equal(policy.max_session_age_s, DAY_S);
    assert_int_equal(policy.ahead, 2);
    assert_null(stek_policy_problem(NULL));
}

static void a_zero_takes_its_default_and_other_fields_stay(void **state)
{
    const struct stek_policy zeros = stek_policy_resolve(&(struct stek_policy){0});
    const struct stek_policy some =
        stek_policy_resolve(&(struct stek_policy){.accept_s = 7, .ahead = 5});

    (void)state;
    assert_int_equal(zeros.rotate_s, 3600);
    assert_int_equal(zeros.accept_s, 12 * 3600);
    assert_int_equal(zeros.max_session_age_s, DAY_S);
    assert_int_equal(zeros.ahead, 2);
    assert_int_equal(some.rotate_s, 3600);
    assert_int_equal(some.accept_s, 7);
    assert_int_equal(some.ahead, 5);
}

static void rotate_is_1s_to_7d(void **state)
{
    struct stek_policy policy = roomy;

    (void)state;
    policy.rotate_s = 7 * DAY_S;
    assert_sound(policy);
    policy.rotate_s = 7 * DAY_S + 1;
    assert_problem_names(policy, "rotate must be between 1s and 7d");
    policy.rotate_s = -1;
    assert_problem_names(policy, "rotate ");
    policy.rotate_s = INT64_MIN;
    assert_problem_names(policy, "rotate ");
    policy.rotate_s = INT64_MAX;
    assert_problem_names(policy, "rotate ");
    policy.rotate_s = 1;
    policy.accept_s = 1;
    assert_sound(policy);
}

static void accept_is_1s_to_7d(void **state)
{
    struct stek_policy policy = roomy;

    (void)state;
    policy.rotate_s = DAY_S;
    policy.accept_s = 7 * DAY_S;
    assert_sound(policy);
    policy.accept_s = 7 * DAY_S + 1;
    assert_problem_names(policy, "accept must be between 1s and 7d");
    policy.accept_s = -1;
    assert_problem_names(policy, "accept ");
    policy.accept_s = INT64_MIN;
    assert_problem_names(policy, "accept ");
    policy.accept_s = INT64_MAX;
    assert_problem_names(policy, "accept ");
    policy.accept_s = 1;
    assert_sound(policy);
}

static void max_session_age_is_1s_to_30d(void **state)
{
    struct stek_policy policy = roomy;

    (void)state;
    policy.max_session_age_s = 1;
    assert_sound(policy);
    policy.max_session_age_s = 30 * DAY_S;
    assert_sound(policy);
    policy.max_session_age_s = 30 * DAY_S + 1;
    assert_problem_names(policy, "max_session_age must be between 1s and 30d");
    policy.max_session_age_s = -1;
    assert_problem_names(policy, "max_session_age ");
    policy.max_session_age_s = INT64_MIN;
    assert_problem_names(policy, "max_session_age ");
}

static void ahead_is_1_to_16(void **state)
{
    struct stek_policy policy = roomy;

    (void)state;
    policy.ahead = 1;
    assert_sound(policy);
    policy.ahead = 16;
    assert_sound(policy);
    policy.ahead = 17;
    assert_problem_names(policy, "ahead must be between 1 and 16");
    policy.ahead = UINT32_MAX;
    assert_problem_names(policy, "ahead ");
}

static void what_a_ring_cannot_hold_is_refused(void **state)
{
    struct stek_policy policy = {.rotate_s = 60, .accept_s = 60 * 60, .ahead = 2};

    (void)state;
    assert_sound(policy);
    policy.accept_s++; /* a part of an interval counts as one */
    assert_problem_names(policy, "a ring holds at most 64 keys, so accept / rotate + ahead");
    policy.accept_s--;
    policy.ahead++;
    assert_problem_names(policy, "a ring holds at most 64 keys");
}

static void the_room_for_keys_is_judged_with_the_defaults_in_place(void **state)
{
    (void)state;
    assert_sound((struct stek_policy){.rotate_s = 720, .accept_s = 12 * 3600});
    assert_problem_names((struct stek_policy){.rotate_s = 719, .accept_s = 12 * 3600},
                         "a ring holds at most 64 keys");
    assert_sound((struct stek_policy){.accept_s = 60 * 3600});
    assert_problem_names((struct stek_policy){.accept_s = 60 * 3600 + 1},
                         "a ring holds at most 64 keys");
}

static void assert_accept(uint32_t rotate_s, uint32_t ahead, int64_t accept_s, int64_t cut_s)
{
    const struct stek_policy policy = {.rotate_s = rotate_s, .ahead = ahead};

    assert_sound(policy);
    assert_int_equal(stek_policy_resolve(&policy).accept_s, accept_s);
    assert_int_equal(stek_policy_short_accept(&policy), cut_s);
}

static void accept_is_shorter_than_its_default_where_a_ring_has_no_room(void **state)
{
    (void)state;
    assert_accept(1, 0, 60, 60);
    assert_accept(3, 0, 180, 180);
    assert_accept(3, 16, 138, 138);
    assert_accept(719, 0, 60 * 719, 60 * 719);
    assert_accept(720, 0, 12 * 3600, 0);
    assert_accept(7 * 86400, 16, 12 * 3600, 0);
}

static void an_accept_that_was_given_stays(void **state)
{
    const struct stek_policy policy = {.rotate_s = 3, .accept_s = 9};

    (void)state;
    assert_int_equal(stek_policy_resolve(&policy).accept_s, 9);
    assert_int_equal(stek_policy_short_accept(&policy), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_policy_means_the_defaults),
        cmocka_unit_test(a_zero_takes_its_default_and_other_fields_stay),
        cmocka_unit_test(rotate_is_1s_to_7d),
        cmocka_unit_test(accept_is_1s_to_7d),
        cmocka_unit_test(max_session_age_is_1s_to_30d),
        cmocka_unit_test(ahead_is_1_to_16),
        cmocka_unit_test(what_a_ring_cannot_hold_is_refused),
        cmocka_unit_test(the_room_for_keys_is_judged_with_the_defaults_in_place),
        cmocka_unit_test(accept_is_shorter_than_its_default_where_a_ring_has_no_room),
        cmocka_unit_test(an_accept_that_was_given_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
