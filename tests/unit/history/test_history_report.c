/* SPDX-License-Identifier: Apache-2.0 */
/* What a history comes to, on a clock of its own. */
#include "unit.h"

#include "history/report.h"

#include <stdlib.h>
#include <string.h>

enum { T = 1800000000, HOUR_S = 3600 };

/* A report of all, until `until`, of these lines. The caller frees it. */
static struct stek_report *report_of(int64_t since, int64_t until, const char *const *lines)
{
    struct stek_report *report = malloc(sizeof *report);
    struct stek_history_entry entry;

    assert_non_null(report);
    stek_report_init(since, until, report);
    for (; *lines != NULL; lines++) {
        assert_true(stek_history_parse(*lines, strlen(*lines), &entry));
        stek_report_take(report, &entry);
    }
    stek_report_end(report);
    return report;
}

static const struct stek_report_ring *web(const struct stek_report *report)
{
    const struct stek_report_ring *ring = stek_report_find(report, "web");

    assert_non_null(ring);
    return ring;
}

static void keys_that_rotate_in_time_are_as_the_policy_says(void **state)
{
    static const char *const lines[] = {
        "1800000000 started - - - - - 1 - 0.1.0 .", "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800003600 rotated web 2 1800003600 1800007200 - - published .", NULL};
    struct stek_report *report = report_of(T, T + 2 * HOUR_S, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(report)));
    assert_true(web(report)->keys == 2 && web(report)->longest_s == HOUR_S);
    assert_true(report->gap_count == 0);
    free(report);
}

static void a_key_that_seals_for_too_long_is_late(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800007200 rotated web 2 1800007200 1800010800 - - published .", NULL};
    struct stek_report *report = report_of(T, T + 2 * HOUR_S + 1, lines);

    (void)state;
    assert_false(stek_report_as_policy(web(report)));
    assert_true(web(report)->late == 1 && report->gap_count == 1);
    assert_int_equal(report->gap[0].kind, STEK_GAP_LATE);
    assert_true(report->gap[0].from == T + HOUR_S && report->gap[0].until == T + 2 * HOUR_S);
    free(report);
}

static void a_key_that_still_seals_may_be_late_already(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .", NULL};
    struct stek_report *on_time = report_of(T, T + HOUR_S + HOUR_S / 10, lines);
    struct stek_report *late = report_of(T, T + 2 * HOUR_S, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(on_time)));
    assert_false(stek_report_as_policy(web(late)));
    assert_true(late->gap[0].until == -1);
    free(on_time);
    free(late);
}

static void the_longest_policy_while_a_key_seals_counts(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800000060 kept web 0 7200 43200 - - host .",
        "1800007200 rotated web 2 1800007200 1800014400 - - published .", NULL};
    struct stek_report *report = report_of(T, T + 2 * HOUR_S, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(report)));
    free(report);
}

static void a_ring_without_a_fresh_key_has_a_gap_until_the_next_one(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 0 3600 43200 - - fleet .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800003600 rotated web 2 1800003600 1800007200 - - continued .",
        "1800007200 rotated web 3 1800007200 1800010800 - - continued .",
        "1800010800 rotated web 4 1800010800 1800014400 - - published .",
        NULL};
    struct stek_report *report = report_of(T, T + 3 * HOUR_S, lines);

    (void)state;
    assert_false(stek_report_as_policy(web(report)));
    assert_true(web(report)->continued == 2 && report->gap_count == 1);
    assert_int_equal(report->gap[0].kind, STEK_GAP_NO_FRESH);
    assert_true(report->gap[0].from == T + HOUR_S && report->gap[0].until == T + 3 * HOUR_S);
    free(report);
}

static void a_ring_with_a_seed_always_continues(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 0 3600 43200 - - seed .",
        "1800000000 rotated web 1 1800000000 1800003600 - - continued .", NULL};
    struct stek_report *report = report_of(T, T + HOUR_S, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(report)));
    assert_true(report->gap_count == 0);
    free(report);
}

static void says_when_stekd_was_stopped_and_when_it_ended_otherwise(void **state)
{
    static const char *const lines[] = {
        "1800000000 started - - - - - 1 - 0.1.0 .", "1800000100 stopped - - - - - - - .",
        "1800000200 started - - - - - 2 - 0.1.0 .", "1800000300 alive - - - - - - - .",
        "1800000900 started - - - - - 3 - 0.1.0 .", NULL};
    struct stek_report *report = report_of(T, T + HOUR_S, lines);

    (void)state;
    assert_true(report->gap_count == 2);
    assert_int_equal(report->gap[0].kind, STEK_GAP_STOPPED);
    assert_true(report->gap[0].from == T + 100 && report->gap[0].until == T + 200);
    assert_int_equal(report->gap[1].kind, STEK_GAP_ENDED);
    assert_true(report->gap[1].from == T + 300 && report->gap[1].until == T + 900);
    free(report);
}

/* Servers go on by continuation: the numbers tell how often. */
static void keys_that_nobody_saw_while_stekd_was_down_are_counted(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800000001 stopped - - - - - - - .",
        "1800036000 started - - - - - 2 - 0.1.0 .",
        "1800036000 kept web 0 3600 43200 - - host .",
        "1800036000 rotated web 11 1800036000 1800039600 - - continued .",
        NULL};
    struct stek_report *report = report_of(T, T + 10 * HOUR_S, lines);

    (void)state;
    assert_true(web(report)->unseen == 9 && web(report)->late == 0);
    assert_true(web(report)->continued == 1 && report->gap_count == 2);
    assert_int_equal(report->gap[0].kind, STEK_GAP_STOPPED);
    assert_int_equal(report->gap[1].kind, STEK_GAP_NO_FRESH);
    free(report);
}

/* The host was started again: its memory, and the ring with it, was gone when it ended. */
static void a_key_that_went_with_the_hosts_memory_is_not_late(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800000600 alive - - - - - - - .",
        "1800072000 started - - - - - 2 - 0.1.0 .",
        "1800072000 kept web 1 3600 43200 - - host .",
        "1800072000 rotated web 1 1800072000 1800075600 - - published .",
        NULL};
    struct stek_report *report = report_of(T, T + 20 * HOUR_S, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(report)));
    assert_true(web(report)->keys == 2 && web(report)->longest_s == 600);
    free(report);
}

static void a_key_that_is_told_of_twice_counts_once(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800000010 started - - - - - 2 - 0.1.0 .",
        "1800000010 kept web 0 3600 43200 - - host .",
        "1800000010 rotated web 1 1800000000 1800003600 - - published .",
        NULL};
    struct stek_report *report = report_of(T, T + HOUR_S, lines);

    (void)state;
    assert_true(web(report)->keys == 1);
    free(report);
}

static void what_was_before_the_period_does_not_count(void **state)
{
    static const char *const lines[] = {
        "1800000000 kept web 1 3600 43200 - - host .",
        "1800000000 rotated web 1 1800000000 1800003600 - - published .",
        "1800000000 order web - - - 0 7 rotate .",
        "1800007200 rotated web 2 1800007200 1800010800 - - published .",
        "1800010800 rotated web 3 1800010800 1800014400 - - published .",
        "1800010801 order web - - - 0 8 rotate .",
        NULL};
    struct stek_report *report = report_of(T + 2 * HOUR_S + 1, T + 3 * HOUR_S + 1, lines);

    (void)state;
    assert_true(stek_report_as_policy(web(report)));
    assert_true(web(report)->keys == 1 && report->event_count == 1 && report->event[0].pid == 8);
    free(report);
}

static void a_ring_that_could_not_be_kept_has_a_gap(void **state)
{
    static const char *const lines[] = {
        "1800000000 unkept web - - - - - - there is no such group .",
        "1800000064 kept web 1 3600 43200 - - host .", NULL};
    struct stek_report *report = report_of(T, T + HOUR_S, lines);

    (void)state;
    assert_false(stek_report_as_policy(web(report)));
    assert_int_equal(report->gap[0].kind, STEK_GAP_NOT_KEPT);
    assert_true(report->gap[0].until == T + 64);
    free(report);
}

static void holds_the_latest_of_many_gaps_and_says_how_many_there_were(void **state)
{
    struct stek_report *report = malloc(sizeof *report);
    struct stek_history_entry entry;

    (void)state;
    assert_non_null(report);
    stek_report_init(T, T + HOUR_S, report);
    stek_history_entry_init(STEK_HISTORY_STARTED, &entry);
    for (int i = 0; i <= STEK_REPORT_GAPS_MAX + 10; i++) {
        entry.when = T + i;
        stek_report_take(report, &entry);
    }
    stek_report_end(report);
    assert_true(report->gap_count == STEK_REPORT_GAPS_MAX + 10);
    assert_true(report->gap[0].from == T + 10);
    free(report);
}

static void more_rings_than_it_can_hold_are_counted(void **state)
{
    struct stek_report *report = malloc(sizeof *report);
    struct stek_history_entry entry;

    (void)state;
    assert_non_null(report);
    stek_report_init(T, T, report);
    stek_history_entry_init(STEK_HISTORY_KEPT, &entry);
    for (int i = 0; i < STEK_REPORT_RINGS_MAX + 3; i++) {
        (void)snprintf(entry.ring, sizeof entry.ring, "ring-%d", i);
        stek_report_take(report, &entry);
    }
    stek_report_end(report);
    assert_true(report->ring_count == STEK_REPORT_RINGS_MAX && report->rings_left_out == 3);
    assert_non_null(stek_report_find(report, "ring-7"));
    assert_null(stek_report_find(report, "ring-9999"));
    free(report);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_rotate_in_time_are_as_the_policy_says),
        cmocka_unit_test(a_key_that_seals_for_too_long_is_late),
        cmocka_unit_test(a_key_that_still_seals_may_be_late_already),
        cmocka_unit_test(the_longest_policy_while_a_key_seals_counts),
        cmocka_unit_test(a_ring_without_a_fresh_key_has_a_gap_until_the_next_one),
        cmocka_unit_test(a_ring_with_a_seed_always_continues),
        cmocka_unit_test(says_when_stekd_was_stopped_and_when_it_ended_otherwise),
        cmocka_unit_test(keys_that_nobody_saw_while_stekd_was_down_are_counted),
        cmocka_unit_test(a_key_that_went_with_the_hosts_memory_is_not_late),
        cmocka_unit_test(a_key_that_is_told_of_twice_counts_once),
        cmocka_unit_test(what_was_before_the_period_does_not_count),
        cmocka_unit_test(a_ring_that_could_not_be_kept_has_a_gap),
        cmocka_unit_test(holds_the_latest_of_many_gaps_and_says_how_many_there_were),
        cmocka_unit_test(more_rings_than_it_can_hold_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
