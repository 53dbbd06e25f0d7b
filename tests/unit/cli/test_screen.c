/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is too wide for a screen. */
#include "unit.h"

#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>

/* What a screen of so many columns shows of the text. */
static void assert_shown(int columns, const char *text, const char *expected)
{
    struct stek_screen screen = {.columns = columns};
    char *shown = NULL;
    size_t len = 0;

    screen.out = open_memstream(&shown, &len);
    assert_non_null(screen.out);
    stek_screen_show(&screen, text, false);
    assert_int_equal(fclose(screen.out), 0);
    assert_string_equal(shown, expected);
    free(shown);
}

static void lines_that_fit_stay_as_they_are(void **state)
{
    (void)state;
    assert_shown(10, "1234567890\n\n  12\n", "1234567890\n\n  12\n");
}

static void a_long_line_is_broken_at_a_blank(void **state)
{
    (void)state;
    assert_shown(10, "one two three four\n", "one two\nthree four\n");
}

static void it_goes_on_where_its_text_begins(void **state)
{
    (void)state;
    assert_shown(12, "  one two three\n", "  one two\n  three\n");
    assert_shown(20, "  label    one two three\n", "  label    one two\n           three\n");
}

static void a_word_that_is_wider_than_the_screen_is_cut(void **state)
{
    (void)state;
    assert_shown(5, "123456789012\n", "12345\n67890\n12\n");
}

static void colours_and_bytes_of_one_character_take_no_columns(void **state)
{
    (void)state;
    assert_shown(9, "\033[32mfine\033[0m then\n", "\033[32mfine\033[0m then\n");
    assert_shown(4, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\n", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\n");
}

static void in_place_each_line_is_erased_to_its_end(void **state)
{
    struct stek_screen screen = {.columns = 20};
    char *shown = NULL;
    size_t len = 0;

    (void)state;
    screen.out = open_memstream(&shown, &len);
    stek_screen_show(&screen, "one\ntwo\n", true);
    assert_int_equal(fclose(screen.out), 0);
    assert_string_equal(shown, "\033[Hone\033[K\ntwo\033[K\n\033[J");
    free(shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_fit_stay_as_they_are),
        cmocka_unit_test(a_long_line_is_broken_at_a_blank),
        cmocka_unit_test(it_goes_on_where_its_text_begins),
        cmocka_unit_test(a_word_that_is_wider_than_the_screen_is_cut),
        cmocka_unit_test(colours_and_bytes_of_one_character_take_no_columns),
        cmocka_unit_test(in_place_each_line_is_erased_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
