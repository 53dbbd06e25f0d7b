/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "core/duration.h"

static void reads_each_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {{"0s", 0},    {"90s", 90},    {"15m", 900},
                 {"1h", 3600}, {"7d", 604800}, {"999999999d", 86399999913600}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = -1;
        assert_true(stek_duration_parse(cases[i].text, &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void refuses_anything_else_and_leaves_the_output_alone(void **state)
{
    static const char *const cases[] = {"",    "s",   "1",    "1w",    "-1s",         " 1s",
                                        "1s ", "1 s", "1.5h", "1h30m", "1000000000s", "0x10s",
                                        "+1s", "1S"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = -1;
        assert_false(stek_duration_parse(cases[i], &seconds));
        assert_int_equal(seconds, -1);
    }
}

static void reads_whole_numbers_only(void **state)
{
    int64_t number = -1;

    (void)state;
    assert_true(stek_number_parse("16", &number));
    assert_int_equal(number, 16);
    assert_false(stek_number_parse("16s", &number));
    assert_false(stek_number_parse("", &number));
    assert_int_equal(number, 16);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_unit),
        cmocka_unit_test(refuses_anything_else_and_leaves_the_output_alone),
        cmocka_unit_test(reads_whole_numbers_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
