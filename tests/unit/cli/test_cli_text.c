/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and times as `stek` prints and reads them. */
#include "unit.h"

#include "cli/format.h"
#include "cli/when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOW = 1795550000 }; /* 2026-11-24 19:53:20 UTC */

static void durations_have_two_units_at_most_and_fit_their_columns(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } cases[] = {{0, "0s"},
                 {99, "99s"},
                 {100, "1m"},
                 {-3599, "59m"},
                 {5999, "99m"},
                 {6000, "1h40m"},
                 {47 * 3600 + 59 * 60, "47h59m"},
                 {48 * 3600, "2d0h"},
                 {99 * 86400 + 23 * 3600, "99d23h"},
                 {100 * 86400, "100d"},
                 {INT64_C(86400) * 12345678, "99999d"}};
    struct stek_text text;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(stek_format_duration(cases[i].s, &text), cases[i].text);
        assert_true(strlen(text.at) <= STEK_DURATION_COLUMNS);
    }
}

static void counts_fit_their_columns(void **state)
{
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {{0, "0"},
                 {999999, "999999"},
                 {1000000, "1.0M"},
                 {1999999, "1.9M"},
                 {999999999, "999.9M"},
                 {1000000000, "1.0G"},
                 {UINT64_C(1) << 60, "1.1E"}};
    struct stek_text text;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(stek_format_count(cases[i].count, &text), cases[i].text);
        assert_true(strlen(text.at) <= STEK_COUNT_COLUMNS);
    }
}

static void settings_are_shown_as_one_writes_them(void **state)
{
    struct stek_text text;

    (void)state;
    assert_string_equal(stek_format_setting(3600, &text), "1h");
    assert_string_equal(stek_format_setting(5400, &text), "90m");
    assert_string_equal(stek_format_setting(86400, &text), "24h");
    assert_string_equal(stek_format_setting(7 * 86400, &text), "7d");
    assert_string_equal(stek_format_setting(61, &text), "61s");
}

static const char *timeline(int64_t from, int64_t until, int64_t accept, int64_t now)
{
    static char line[32];
    const struct stek_status_key key = {.origin = STEK_ORIGIN_PUBLISHED,
                                        .active_from = from,
                                        .active_until = until,
                                        .accept_until = accept};

    stek_format_timeline(&key, 0, 100, now, 10, line);
    return line;
}

static void a_timeline_shows_when_a_key_seals_and_opens(void **state)
{
    (void)state;
    assert_string_equal(timeline(0, 20, 60, 35), "##-|--    ");
    assert_string_equal(timeline(30, 50, 100, 35), "   |#-----");
    assert_string_equal(timeline(60, 80, 100, 35), "   |..##--");
    assert_string_equal(timeline(41, 42, 100, 35),
                        "   |#-----"); /* a short interval is seen, too */
    assert_string_equal(timeline(0, 100, 100, 99), "#########|");
}

static void a_superseded_key_never_seals_on_its_timeline(void **state)
{
    const struct stek_status_key key = {.origin = STEK_ORIGIN_SUPERSEDED,
                                        .active_from = 0,
                                        .active_until = 50,
                                        .accept_until = 100};
    char line[11];

    (void)state;
    stek_format_timeline(&key, 0, 100, 95, 10, line);
    assert_string_equal(line, "---------|");
}

static void times_are_read_in_every_form_that_the_manual_names(void **state)
{
    static const struct {
        const char *text;
        int64_t when;
    } cases[] = {{"2h", NOW - 7200},
                 {"90s", NOW - 90},
                 {"@1795540000", 1795540000},
                 {"2026-11-24T19:00:00Z", 1795546800},
                 {"2026-11-24T19:00Z", 1795546800},
                 {"2026-11-24 19:00", 1795546800 - 3600},
                 {"2026-11-24 19:00:01", 1795546801 - 3600}};
    int64_t when;

    (void)state;
    setenv("TZ", "CET-1", 1);
    tzset();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(stek_when_parse(cases[i].text, NOW, &when));
        assert_int_equal(when, cases[i].when);
    }
}

static void anything_else_is_refused_and_leaves_the_output_alone(void **state)
{
    static const char *const texts[] = {"",
                                        "2",
                                        "h",
                                        "-2h",
                                        "@",
                                        "@-1",
                                        "@12x",
                                        "tomorrow",
                                        "2026-02-30 10:00",
                                        "2026-13-01 10:00",
                                        "2026-11-24 19:00 ",
                                        "2026-11-24",
                                        "@99999999999999999999",
                                        "2026-11-25 19:00",
                                        "@1795550001"};
    int64_t when = 7;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(stek_when_parse(texts[i], NOW, &when));
    assert_int_equal(when, 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_two_units_at_most_and_fit_their_columns),
        cmocka_unit_test(counts_fit_their_columns),
        cmocka_unit_test(settings_are_shown_as_one_writes_them),
        cmocka_unit_test(a_timeline_shows_when_a_key_seals_and_opens),
        cmocka_unit_test(a_superseded_key_never_seals_on_its_timeline),
        cmocka_unit_test(times_are_read_in_every_form_that_the_manual_names),
        cmocka_unit_test(anything_else_is_refused_and_leaves_the_output_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
