/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration's text, line by line. */
#include "unit.h"

#include "conf/lines.h"

#include <string.h>

static struct stek_lines begun(const char *text)
{
    struct stek_lines lines;

    stek_lines_begin(&lines, "test.conf", text, strlen(text));
    return lines;
}

static void lines_come_one_by_one_also_without_a_last_newline(void **state)
{
    struct stek_lines lines = begun("\xef\xbb\xbfone\n\ntwo");
    char line[STEK_LINES_LEN_MAX + 1];

    (void)state;
    assert_true(stek_lines_next(&lines, line));
    assert_string_equal(line, "one"); /* without UTF-8's mark */
    assert_true(stek_lines_next(&lines, line));
    assert_string_equal(line, "");
    assert_true(stek_lines_next(&lines, line));
    assert_string_equal(line, "two");
    assert_int_equal(lines.line, 3);
    assert_false(stek_lines_next(&lines, line));
    assert_string_equal(lines.problem, "");
}

static void the_first_fault_is_kept_with_file_and_line_and_ends_the_reading(void **state)
{
    struct stek_lines lines = begun("one\ntwo\n");
    char line[STEK_LINES_LEN_MAX + 1];

    (void)state;
    assert_true(stek_lines_next(&lines, line));
    stek_lines_fault(&lines, "%s is wrong", line);
    stek_lines_fault(&lines, "another");
    assert_string_equal(lines.problem, "test.conf:1: one is wrong");
    assert_false(stek_lines_next(&lines, line));
}

static void a_long_line_and_a_zero_byte_are_faults(void **state)
{
    char text[STEK_LINES_LEN_MAX + 2];
    char line[STEK_LINES_LEN_MAX + 1];
    struct stek_lines lines;

    (void)state;
    memset(text, 'x', sizeof text);
    stek_lines_begin(&lines, "test.conf", text, STEK_LINES_LEN_MAX);
    assert_true(stek_lines_next(&lines, line));
    stek_lines_begin(&lines, "test.conf", text, STEK_LINES_LEN_MAX + 1);
    assert_false(stek_lines_next(&lines, line));
    assert_string_equal(lines.problem,
                        "test.conf:1: a line of 1025 bytes: at most 1024 are allowed");
    stek_lines_begin(&lines, "test.conf", "a\0b", 3);
    assert_false(stek_lines_next(&lines, line));
    assert_string_equal(lines.problem, "test.conf:1: a zero byte: a configuration is text");
}

static void a_setting_is_a_name_and_a_value(void **state)
{
    char line[] = " name\t=  a value; # with marks ";
    char none[] = "no setting";
    char nameless[] = "= value";
    char *name;
    char *value;

    (void)state;
    assert_true(stek_lines_setting(line, &name, &value));
    assert_string_equal(name, "name");
    assert_string_equal(value, "a value; # with marks");
    stek_lines_cut_comment(value);
    assert_string_equal(value, "a value;");
    assert_false(stek_lines_setting(none, &name, &value));
    assert_false(stek_lines_setting(nameless, &name, &value));
}

static void lines_with_nothing_but_a_comment_are_blank(void **state)
{
    (void)state;
    assert_true(stek_lines_is_blank(""));
    assert_true(stek_lines_is_blank("# a"));
    assert_true(stek_lines_is_blank("; a"));
    assert_false(stek_lines_is_blank("a = b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_one_by_one_also_without_a_last_newline),
        cmocka_unit_test(the_first_fault_is_kept_with_file_and_line_and_ends_the_reading),
        cmocka_unit_test(a_long_line_and_a_zero_byte_are_faults),
        cmocka_unit_test(a_setting_is_a_name_and_a_value),
        cmocka_unit_test(lines_with_nothing_but_a_comment_are_blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
