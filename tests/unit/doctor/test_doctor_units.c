/* SPDX-License-Identifier: Apache-2.0 */
/* Units of every kind: what is said where there is no server to look at. */
#include "unit.h"

#include "doctor/judge.h"

#include <stdio.h>
#include <string.h>

/* nginx on ring web, as it should be. */
static struct stek_doctor_facts well(void)
{
    return (struct stek_doctor_facts){.unit = "nginx.service",
                                      .found = true,
                                      .active = true,
                                      .enabled = true,
                                      .ring = "web",
                                      .ring_there = true,
                                      .process_count = 1,
                                      .process[0] = {.pid = 100,
                                                     .name = "nginx",
                                                     .asked = true,
                                                     .environment = true,
                                                     .libssl = true,
                                                     .module = true,
                                                     .ring = true,
                                                     .may_read = true}};
}

/* The line of that code; it must be there, or must not where `words` is NULL. */
static void assert_said(const struct stek_doctor_facts *facts, const char *code, const char *words)
{
    struct stek_doctor_report report;
    const char *text = NULL;

    stek_doctor_judge(facts, &report);
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.at[i].code, code) == 0)
            text = report.at[i].text;
    assert_int_equal(text != NULL, words != NULL);
    if (words != NULL && text != NULL)
        assert_non_null(strstr(text, words));
}

static size_t lines(const struct stek_doctor_facts *facts)
{
    struct stek_doctor_report report;

    stek_doctor_judge(facts, &report);
    return report.count;
}

static void a_template_asks_for_an_instance(void **state)
{
    const struct stek_doctor_facts facts = {.unit = "redis-server@.service", .template = true};

    (void)state;
    assert_said(&facts, "template", "redis-server@NAME");
    assert_int_equal(lines(&facts), 1);
}

static void a_masked_unit_is_told_how_to_start(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.masked = true;
    assert_said(&facts, "masked", "systemctl unmask nginx.service");
    assert_int_equal(lines(&facts), 1);
}

static void a_server_that_gives_no_tickets_is_no_fault_of_the_ring(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)snprintf(facts.unit, sizeof facts.unit, "postgresql@15-main.service");
    assert_said(&facts, "no-tickets", "stek disable postgresql@15-main.service");
    assert_int_equal(lines(&facts), 1);
}

static void a_setting_that_wins_over_ours_is_named(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)snprintf(facts.other_conf, sizeof facts.other_conf, "/etc/other.cnf");
    assert_said(&facts, "other-conf", "/etc/other.cnf");
}

static void what_only_root_may_see_is_not_said_to_be_missing(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0] = (struct stek_doctor_process){.pid = 1, .hidden = true};
    assert_said(&facts, "not-root", "as root");
    assert_said(&facts, "no-libssl", NULL);
}

static void a_unit_that_failed_is_not_told_to_start(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.active = false;
    facts.failed = true;
    assert_said(&facts, "not-running", "systemctl status nginx.service");
}

static void gnutls_is_named(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process_count = 1;
    facts.process[0] = (struct stek_doctor_process){.pid = 1,
                                                    .name = "exim4",
                                                    .asked = true,
                                                    .environment = true,
                                                    .gnutls = true,
                                                    .privileged = true};
    assert_said(&facts, "gnutls", "GnuTLS");
    assert_said(&facts, "privileged", NULL);
    assert_said(&facts, "may-not-read", NULL);
}

/* As Squid's worker, beside a parent that has loaded it. */
static void a_process_that_ignores_the_configuration_is_named(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process_count = 2;
    facts.process[1] = (struct stek_doctor_process){.pid = 101,
                                                    .name = "squid",
                                                    .asked = true,
                                                    .environment = true,
                                                    .libssl = true,
                                                    .privileged = true};
    assert_said(&facts, "privileged", "process 101 (squid)");
}

static void a_filter_that_leaves_out_what_stek_calls_is_a_fault(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    assert_said(&facts, "call-filter", NULL);
    (void)snprintf(facts.calls, sizeof facts.calls, "madvise fchmod");
    assert_said(&facts, "call-filter", "add [Service] and SystemCallFilter=madvise fchmod, then");
    facts.enabled = false;
    assert_said(&facts, "call-filter", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_asks_for_an_instance),
        cmocka_unit_test(a_masked_unit_is_told_how_to_start),
        cmocka_unit_test(a_server_that_gives_no_tickets_is_no_fault_of_the_ring),
        cmocka_unit_test(a_setting_that_wins_over_ours_is_named),
        cmocka_unit_test(what_only_root_may_see_is_not_said_to_be_missing),
        cmocka_unit_test(a_unit_that_failed_is_not_told_to_start),
        cmocka_unit_test(gnutls_is_named),
        cmocka_unit_test(a_process_that_ignores_the_configuration_is_named),
        cmocka_unit_test(a_filter_that_leaves_out_what_stek_calls_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
