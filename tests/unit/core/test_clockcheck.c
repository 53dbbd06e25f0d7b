/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "core/clockcheck.h"

enum { NOW = 1800000000, BOOT = 5000, HOUR = 3600, DAY = 86400 };

static struct stek_clockcheck begun(int64_t latest, bool since_boot, int64_t now)
{
    struct stek_clockcheck check;

    stek_clockcheck_begin(&check, latest, since_boot, now, BOOT);
    return check;
}

static enum stek_clock_news look(struct stek_clockcheck *check, int64_t now, int64_t boot_s)
{
    int64_t step_s = 0;

    return stek_clockcheck_look(check, now, boot_s, &step_s);
}

static void a_clock_that_goes_on_is_believed(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    for (int64_t s = 0; s < 400 * DAY; s += DAY) {
        assert_int_equal(look(&check, NOW + s, BOOT + s), STEK_CLOCK_AS_BEFORE);
        assert_int_equal(stek_clockcheck_doubt_s(&check), 0);
    }
}

static void a_host_that_slept_is_not_taken_for_one_whose_clock_was_set(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(look(&check, NOW + 9 * DAY, BOOT + 9 * DAY), STEK_CLOCK_AS_BEFORE);
}

static void a_clock_that_is_slewed_for_months_was_not_set(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    for (int64_t hour = 1; hour < 1000; hour++)
        assert_int_equal(look(&check, NOW + hour * (HOUR + 2), BOOT + hour * HOUR),
                         STEK_CLOCK_AS_BEFORE);
    assert_int_equal(stek_clockcheck_doubt_s(&check), 0);
}

static void a_clock_that_was_set_is_in_doubt_until_it_has_run_on_for_an_hour(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);
    int64_t step_s = 0;

    (void)state;
    assert_int_equal(stek_clockcheck_look(&check, NOW + 5 * HOUR + 10, BOOT + 10, &step_s),
                     STEK_CLOCK_WAS_SET);
    assert_int_equal(step_s, 5 * HOUR);
    assert_int_equal(stek_clockcheck_doubt_s(&check), 5 * HOUR);
    assert_int_equal(look(&check, NOW + 6 * HOUR + 9, BOOT + HOUR + 9), STEK_CLOCK_AS_BEFORE);
    assert_int_equal(stek_clockcheck_doubt_s(&check), 5 * HOUR);
    assert_int_equal(look(&check, NOW + 6 * HOUR + 10, BOOT + HOUR + 10), STEK_CLOCK_IS_BELIEVED);
    assert_int_equal(stek_clockcheck_doubt_s(&check), 0);
}

static void one_that_was_set_by_days_has_to_run_on_for_a_day(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(look(&check, NOW - 30 * DAY, BOOT), STEK_CLOCK_WAS_SET);
    assert_int_equal(look(&check, NOW - 29 * DAY - 1, BOOT + DAY - 1), STEK_CLOCK_AS_BEFORE);
    assert_int_equal(look(&check, NOW - 29 * DAY, BOOT + DAY), STEK_CLOCK_IS_BELIEVED);
}

static void one_that_is_set_back_to_where_it_was_is_believed_again(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(look(&check, NOW + 30 * DAY, BOOT), STEK_CLOCK_WAS_SET);
    assert_int_equal(look(&check, NOW + 2, BOOT + 2), STEK_CLOCK_IS_BACK);
    assert_int_equal(stek_clockcheck_doubt_s(&check), 0);
}

static void a_start_before_what_was_noted_is_in_doubt(void **state)
{
    const struct stek_clockcheck check = begun(NOW + 3 * HOUR, true, NOW);
    const struct stek_clockcheck same = begun(NOW + 59, true, NOW);

    (void)state;
    assert_int_equal(stek_clockcheck_doubt_s(&check), -3 * HOUR);
    assert_int_equal(stek_clockcheck_doubt_s(&same), 0);
}

static void a_start_later_than_the_host_can_have_run_is_in_doubt(void **state)
{
    const struct stek_clockcheck check = begun(NOW - BOOT - 3 * HOUR, true, NOW);
    const struct stek_clockcheck on_disk = begun(NOW - BOOT - 3 * HOUR, false, NOW);
    const struct stek_clockcheck within = begun(NOW - BOOT + 5, true, NOW);

    (void)state;
    assert_int_equal(stek_clockcheck_doubt_s(&check), 3 * HOUR);
    assert_int_equal(stek_clockcheck_doubt_s(&on_disk), 0);
    assert_int_equal(stek_clockcheck_doubt_s(&within), 0);
}

static void a_start_in_the_last_century_is_in_doubt(void **state)
{
    const struct stek_clockcheck check = begun(0, false, 0);

    (void)state;
    assert_true(stek_clockcheck_doubt_s(&check) < -50 * 365 * (int64_t)DAY);
}

static void what_cannot_be_taken_back_waits_after_a_start(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(stek_clockcheck_wait_s(&check, 0, 13 * HOUR), HOUR);
    assert_int_equal(stek_clockcheck_wait_s(&check, 0, 8), 8);
    assert_int_equal(look(&check, NOW + HOUR, BOOT + HOUR), STEK_CLOCK_AS_BEFORE);
    assert_int_equal(stek_clockcheck_wait_s(&check, 0, 13 * HOUR), 0);
}

static void what_is_long_overdue_waits_for_a_day(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(stek_clockcheck_wait_s(&check, 13 * HOUR + 1, 13 * HOUR), DAY);
    assert_int_equal(look(&check, NOW + DAY, BOOT + DAY), STEK_CLOCK_AS_BEFORE);
    assert_int_equal(stek_clockcheck_wait_s(&check, 30 * DAY, 13 * HOUR), 0);
}

static void what_cannot_be_taken_back_waits_after_each_setting(void **state)
{
    struct stek_clockcheck check = begun(0, false, NOW);

    (void)state;
    assert_int_equal(look(&check, NOW + 2 * DAY, BOOT + 2 * DAY), STEK_CLOCK_AS_BEFORE);
    assert_int_equal(look(&check, NOW + 2 * DAY + HOUR, BOOT + 2 * DAY), STEK_CLOCK_WAS_SET);
    assert_int_equal(stek_clockcheck_wait_s(&check, 0, 8), HOUR);
    assert_int_equal(look(&check, NOW + 2 * DAY, BOOT + 2 * DAY), STEK_CLOCK_IS_BACK);
    assert_int_equal(stek_clockcheck_wait_s(&check, 0, 8), 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_goes_on_is_believed),
        cmocka_unit_test(a_host_that_slept_is_not_taken_for_one_whose_clock_was_set),
        cmocka_unit_test(a_clock_that_is_slewed_for_months_was_not_set),
        cmocka_unit_test(a_clock_that_was_set_is_in_doubt_until_it_has_run_on_for_an_hour),
        cmocka_unit_test(one_that_was_set_by_days_has_to_run_on_for_a_day),
        cmocka_unit_test(one_that_is_set_back_to_where_it_was_is_believed_again),
        cmocka_unit_test(a_start_before_what_was_noted_is_in_doubt),
        cmocka_unit_test(a_start_later_than_the_host_can_have_run_is_in_doubt),
        cmocka_unit_test(a_start_in_the_last_century_is_in_doubt),
        cmocka_unit_test(what_cannot_be_taken_back_waits_after_a_start),
        cmocka_unit_test(what_is_long_overdue_waits_for_a_day),
        cmocka_unit_test(what_cannot_be_taken_back_waits_after_each_setting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
