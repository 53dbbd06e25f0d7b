/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the history. */
#include "unit.h"

#include "core/record.h"
#include "history/entry.h"

#include <string.h>

static const char rotated[] = "1800000000 rotated web 12 1799999999 1800003599 - - published .";

static bool parses(const char *line)
{
    struct stek_history_entry entry;

    return stek_history_parse(line, strlen(line), &entry);
}

static void reads_what_stands_in_a_line(void **state)
{
    struct stek_history_entry entry;

    (void)state;
    assert_true(stek_history_parse(rotated, strlen(rotated), &entry));
    assert_true(entry.when == 1800000000);
    assert_int_equal(entry.kind, STEK_HISTORY_ROTATED);
    assert_string_equal(entry.ring, "web");
    assert_true(entry.number == 12 && entry.one == 1799999999 && entry.other == 1800003599);
    assert_true(entry.uid == -1 && entry.pid == -1);
    assert_string_equal(entry.word, "published");
    assert_string_equal(entry.text, "");
}

static void writes_what_it_reads(void **state)
{
    static const char *const lines[] = {
        rotated, "1 stopped - - - - - - - .", "7 order mail 3 - - 0 4711 revoke-all .",
        "7 refused - - - - - - reload f.conf:1: no . such thing: \"x\" .",
        "9 rotated w 4611686018427387904 1 2 - - continued ."};
    struct stek_history_entry entry;
    char line[STEK_HISTORY_LINE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_true(stek_history_parse(lines[i], strlen(lines[i]), &entry));
        const size_t len = stek_history_format(&entry, line);
        assert_int_equal(len, strlen(lines[i]) + 1);
        assert_memory_equal(line, lines[i], len - 1);
        assert_int_equal(line[len - 1], '\n');
    }
}

static void a_line_that_was_cut_short_is_none(void **state)
{
    struct stek_history_entry entry;

    (void)state;
    for (size_t len = 0; len < strlen(rotated); len++)
        assert_false(stek_history_parse(rotated, len, &entry));
}

static void refuses_anything_else(void **state)
{
    (void)state;
    assert_false(parses("1 danced - - - - - - - ."));
    assert_false(parses("01 stopped - - - - - - - ."));
    assert_false(parses("-1 stopped - - - - - - - ."));
    assert_false(parses("1 stopped ../web - - - - - - ."));
    assert_false(parses("1 stopped - 9223372036854775808 - - - - - ."));
    assert_false(parses("1 stopped - - 1099511627777 - - - - ."));
    assert_false(parses("1 stopped - - - - 4294967296 - - ."));
    assert_false(parses("1 stopped - - - - - - Word ."));
    assert_false(parses("1  stopped - - - - - - - ."));
    assert_false(parses("1 stopped - - - - - -  ."));
    assert_false(parses("1 stopped - - - - - - - \t ."));
    assert_false(
        stek_history_parse("1 stopped - - - - - - -\0 .", 27, &(struct stek_history_entry){0}));
}

static void a_text_from_outside_stays_one_line_and_short(void **state)
{
    struct stek_history_entry entry;
    struct stek_history_entry back;
    char text[4 * STEK_HISTORY_TEXT_MAX];
    char line[STEK_HISTORY_LINE_MAX];

    (void)state;
    stek_history_entry_init(STEK_HISTORY_REFUSED, &entry);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[3] = '\n';
    text[4] = (char)0xff;
    stek_history_set_text(&entry, text);
    const size_t len = stek_history_format(&entry, line);
    assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
    assert_true(stek_history_parse(line, len - 1, &back));
    assert_memory_equal(back.text, "xxx??xxx", 8);
    assert_int_equal(strlen(back.text), STEK_HISTORY_TEXT_MAX);
}

static void the_longest_entry_fits(void **state)
{
    struct stek_history_entry entry;
    struct stek_history_entry back;
    char line[STEK_HISTORY_LINE_MAX];

    (void)state;
    stek_history_entry_init(STEK_HISTORY_REFUSED, &entry);
    memset(entry.ring, 'r', STEK_RING_NAME_MAX);
    memset(entry.word, 'w', STEK_HISTORY_WORD_MAX);
    memset(entry.text, 't', STEK_HISTORY_TEXT_MAX);
    entry.number = (int64_t)STEK_SEQ_MAX;
    entry.when = entry.one = entry.other = STEK_TIME_MAX;
    entry.uid = entry.pid = UINT32_MAX;
    const size_t len = stek_history_format(&entry, line);
    assert_true(len > 0);
    assert_true(stek_history_parse(line, len - 1, &back));
    assert_memory_equal(&back, &entry, sizeof entry);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_stands_in_a_line),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(a_line_that_was_cut_short_is_none),
        cmocka_unit_test(refuses_anything_else),
        cmocka_unit_test(a_text_from_outside_stays_one_line_and_short),
        cmocka_unit_test(the_longest_entry_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
