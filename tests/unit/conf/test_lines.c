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

static void assert_setting(struct stek_lines *lines, const char *name, const char *value)
{
    struct stek_line_parts parts;

    assert_int_equal(stek_lines_next(lines, "[part]", &parts), STEK_LINE_SETTING);
    assert_string_equal(parts.text, name);
    assert_string_equal(parts.value, value);
}

static void assert_ends(struct stek_lines *lines, const char *problem)
{
    struct stek_line_parts parts;

    assert_int_equal(stek_lines_next(lines, "[part]", &parts), STEK_LINE_END);
    assert_string_equal(lines->problem, problem);
}

static void sections_and_settings_come_one_by_one_without_blank_lines_and_comments(void **state)
{
    struct stek_lines lines = begun("\xef\xbb\xbf[one]\r\n\n  # no\n; no\n a =  b c \t\r\nd=");
    struct stek_line_parts parts;

    (void)state;
    assert_int_equal(stek_lines_next(&lines, "[part]", &parts), STEK_LINE_SECTION);
    assert_string_equal(parts.text, "[one]"); /* without UTF-8's mark */
    assert_setting(&lines, "a", "b c");
    assert_int_equal(lines.line, 5);
    assert_setting(&lines, "d", "");
    assert_ends(&lines, "");
}

static void the_first_fault_is_kept_with_file_and_line_and_ends_the_reading(void **state)
{
    struct stek_lines lines = begun("a = b\nc = d\n");

    (void)state;
    assert_setting(&lines, "a", "b");
    stek_lines_fault(&lines, "%s is wrong", "a");
    stek_lines_fault(&lines, "another");
    assert_ends(&lines, "test.conf:1: a is wrong");
}

static void anything_else_is_a_fault(void **state)
{
    static const char *const texts[] = {"no setting", "= value"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stek_lines lines = begun(texts[i]);
        assert_ends(&lines, "test.conf:1: expected [part], NAME = VALUE or a comment");
    }
}

static void a_long_line_and_a_zero_byte_are_faults(void **state)
{
    char text[STEK_LINES_LEN_MAX + 2];
    struct stek_line_parts parts;
    struct stek_lines lines;

    (void)state;
    memset(text, '[', sizeof text);
    stek_lines_begin(&lines, "test.conf", text, STEK_LINES_LEN_MAX);
    assert_int_equal(stek_lines_next(&lines, "[part]", &parts), STEK_LINE_SECTION);
    stek_lines_begin(&lines, "test.conf", text, STEK_LINES_LEN_MAX + 1);
    assert_ends(&lines, "test.conf:1: a line of 1025 bytes: at most 1024 are allowed");
    stek_lines_begin(&lines, "test.conf", "a\0b", 3);
    assert_ends(&lines, "test.conf:1: a zero byte: a configuration is text");
}

static void a_comment_after_a_value_is_cut_by_who_wants_that(void **state)
{
    char value[] = "a value; # with marks";
    char only[] = "# nothing else";

    (void)state;
    stek_lines_cut_comment(value);
    assert_string_equal(value, "a value;");
    stek_lines_cut_comment(only);
    assert_string_equal(only, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_settings_come_one_by_one_without_blank_lines_and_comments),
        cmocka_unit_test(the_first_fault_is_kept_with_file_and_line_and_ends_the_reading),
        cmocka_unit_test(anything_else_is_a_fault),
        cmocka_unit_test(a_long_line_and_a_zero_byte_are_faults),
        cmocka_unit_test(a_comment_after_a_value_is_cut_by_who_wants_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
