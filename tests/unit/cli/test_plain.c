/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing that stekd repeats of others steers a terminal. */
#include "unit.h"

#include "status/plain.h"

#include <stdio.h>
#include <string.h>

static void becomes(const char *text, const char *wanted)
{
    char line[128];

    (void)snprintf(line, sizeof line, "%s", text);
    const size_t len = stek_plain_json(line, strlen(line));
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(line, wanted, len);
}

static void control_characters_become_question_marks(void **state)
{
    (void)state;
    becomes("{\"a\":\"\\u001b[2J\"}", "{\"a\":\"?[2J\"}");
    becomes("{\"a\\u009b\":\"\\n\\r\\t\\b\\f\"}", "{\"a?\":\"?????\"}");
    becomes("{\"a\":\"x\x7fy\xc2\x9bz\"}", "{\"a\":\"x?y?z\"}");
}

static void all_else_stays(void **state)
{
    static const char *const texts[] = {
        "{\"a\":\"\\\\u001b \\\" \\/ \\u00e4 \xc3\xa4 \xe2\x80\xa6\"}\n", "\\", "\\u00", ""};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        becomes(texts[i], texts[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_become_question_marks),
        cmocka_unit_test(all_else_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
