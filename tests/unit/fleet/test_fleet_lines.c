/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a fleet: a store that gives reason for many lines does not fill it. */
#include "unit.h"

#include "fleet/rules/lines.h"

static unsigned take_many(struct stek_lines *lines, unsigned tries, int64_t now_ms)
{
    unsigned taken = 0;
    uint64_t left_out;

    for (unsigned i = 0; i < tries; i++)
        taken += stek_lines_take(lines, now_ms, &left_out);
    return taken;
}

static void sixty_lines_at_a_time(void **state)
{
    struct stek_lines lines = {0};

    (void)state;
    assert_int_equal(take_many(&lines, 1000, 5000), 60);
}

static void then_one_in_ten_seconds(void **state)
{
    struct stek_lines lines = {0};

    (void)state;
    take_many(&lines, 1000, 0);
    assert_int_equal(take_many(&lines, 1000, 9999), 0);
    assert_int_equal(take_many(&lines, 1000, 10000), 1);
    assert_int_equal(take_many(&lines, 1000, 29999), 1);
    assert_int_equal(take_many(&lines, 1000, 30000), 1);
}

static void after_ten_quiet_minutes_sixty_again(void **state)
{
    struct stek_lines lines = {0};

    (void)state;
    take_many(&lines, 1000, 0);
    assert_int_equal(take_many(&lines, 1000, 3600000), 60);
}

static void an_hour_has_at_most_420_lines(void **state)
{
    struct stek_lines lines = {0};
    unsigned taken = 0;

    (void)state;
    for (int64_t now_ms = 0; now_ms < 3600000; now_ms += 100)
        taken += take_many(&lines, 1, now_ms);
    assert_int_equal(taken, 419);
}

static void lines_that_were_left_out_are_told_once(void **state)
{
    struct stek_lines lines = {0};
    uint64_t left_out = 7;

    (void)state;
    assert_true(stek_lines_take(&lines, 0, &left_out));
    assert_int_equal(left_out, 0);
    take_many(&lines, 62, 0);
    assert_true(stek_lines_take(&lines, 20000, &left_out));
    assert_int_equal(left_out, 3);
    assert_true(stek_lines_take(&lines, 20000, &left_out));
    assert_int_equal(left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixty_lines_at_a_time),
        cmocka_unit_test(then_one_in_ten_seconds),
        cmocka_unit_test(after_ten_quiet_minutes_sixty_again),
        cmocka_unit_test(an_hour_has_at_most_420_lines),
        cmocka_unit_test(lines_that_were_left_out_are_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
