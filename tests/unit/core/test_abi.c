/* SPDX-License-Identifier: Apache-2.0 */
/* Structures of callers that were compiled with another version of stek.h. */
#include "unit.h"

#include "core/abi.h"
#include "core/policy.h"
#include "stek.h"

#include <string.h>

/* What a newer stek.h might have. */
struct newer_policy {
    struct stek_policy policy;
    int64_t later;
};

static void a_policy_without_a_size_is_taken(void **state)
{
    const struct stek_policy policy = {.rotate_s = 60, .accept_s = 600};

    (void)state;
    assert_null(stek_policy_problem(&policy));
}

static void a_policy_with_its_size_is_taken(void **state)
{
    const struct stek_policy policy = {.rotate_s = 60, .accept_s = 600, .size = sizeof policy};

    (void)state;
    assert_null(stek_policy_problem(&policy));
}

static void a_policy_that_is_too_short_is_refused(void **state)
{
    const struct stek_policy policy = {.size = sizeof policy - 1};

    (void)state;
    assert_non_null(strstr(stek_policy_problem(&policy), "size "));
}

static void a_newer_policy_is_taken_while_its_new_fields_are_zeros(void **state)
{
    const struct newer_policy newer = {.policy = {.size = sizeof newer}};

    (void)state;
    assert_null(stek_policy_problem(&newer.policy));
}

static void a_newer_policy_that_uses_a_new_field_is_refused(void **state)
{
    const struct newer_policy newer = {.policy = {.size = sizeof newer}, .later = 1};

    (void)state;
    assert_non_null(strstr(stek_policy_problem(&newer.policy), "size "));
}

static void what_a_caller_knows_is_no_part_of_the_policy(void **state)
{
    const struct stek_policy policy = {.size = sizeof policy};

    (void)state;
    assert_int_equal(stek_policy_resolve(&policy).size, 0);
}

static void the_version_that_runs_is_that_of_the_header(void **state)
{
    (void)state;
    assert_string_equal(stek_version(), STEK_VERSION);
    assert_int_equal(stek_version_number(), STEK_VERSION_NUMBER);
    assert_int_equal(STEK_VERSION_NUMBER, 0x000100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_without_a_size_is_taken),
        cmocka_unit_test(a_policy_with_its_size_is_taken),
        cmocka_unit_test(a_policy_that_is_too_short_is_refused),
        cmocka_unit_test(a_newer_policy_is_taken_while_its_new_fields_are_zeros),
        cmocka_unit_test(a_newer_policy_that_uses_a_new_field_is_refused),
        cmocka_unit_test(what_a_caller_knows_is_no_part_of_the_policy),
        cmocka_unit_test(the_version_that_runs_is_that_of_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
