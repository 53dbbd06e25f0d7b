/* SPDX-License-Identifier: Apache-2.0 */
/* From what was seen of a service to findings. */
#include "unit.h"

#include "doctor/judge.h"

#include <string.h>

enum { HOUR_S = 3600 };

/* nginx with two workers on ring web, as it should be. */
static struct stek_doctor_facts well(void)
{
    struct stek_doctor_facts facts = {.unit = "nginx.service",
                                      .found = true,
                                      .active = true,
                                      .enabled = true,
                                      .ring = "web",
                                      .ring_there = true,
                                      .accept_s = 12 * HOUR_S,
                                      .settings = {.server = "nginx", .timeout_s = 12 * HOUR_S},
                                      .process_count = 2};

    for (size_t i = 0; i < facts.process_count; i++)
        facts.process[i] = (struct stek_doctor_process){.pid = 100 + (long)i,
                                                        .name = "nginx",
                                                        .asked = true,
                                                        .environment = true,
                                                        .libssl = true,
                                                        .module = true,
                                                        .ring = true,
                                                        .may_read = true};
    return facts;
}

/* NULL: there is none of that code. */
static const struct stek_doctor_finding *find(const struct stek_doctor_report *report,
                                              const char *code)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->at[i].code, code) == 0)
            return &report->at[i];
    return NULL;
}

static bool has(const struct stek_doctor_report *report, const char *code)
{
    return find(report, code) != NULL;
}

static enum stek_doctor_level level_of(const struct stek_doctor_report *report, const char *code)
{
    const struct stek_doctor_finding *finding = find(report, code);

    assert_non_null(finding);
    return finding->level;
}

static const char *text_of(const struct stek_doctor_report *report, const char *code)
{
    const struct stek_doctor_finding *finding = find(report, code);

    assert_non_null(finding);
    return finding->text;
}

static struct stek_doctor_report judged(const struct stek_doctor_facts *facts)
{
    struct stek_doctor_report report;

    stek_doctor_judge(facts, &report);
    for (size_t i = 0; i < report.count; i++) {
        assert_null(strchr(report.at[i].text, '\n'));
        assert_true(strlen(report.at[i].text) > 0);
    }
    return report;
}

/* The facts have this fault, and the words are in its line. */
static void assert_fault(const struct stek_doctor_facts *facts, const char *code, const char *words)
{
    const struct stek_doctor_report report = judged(facts);
    const struct stek_doctor_finding *finding = find(&report, code);

    assert_non_null(finding);
    assert_int_equal(finding->level, STEK_DOCTOR_FAULT);
    assert_non_null(strstr(finding->text, words));
    assert_int_equal(stek_doctor_worst(&report), STEK_DOCTOR_FAULT);
}

static void a_service_that_is_well_has_no_fault_and_no_note(void **state)
{
    const struct stek_doctor_facts facts = well();
    const struct stek_doctor_report report = judged(&facts);

    (void)state;
    assert_int_equal(stek_doctor_worst(&report), STEK_DOCTOR_FINE);
    assert_string_equal(text_of(&report, "ring"), "2 of 2 processes use ring web");
}

static void a_unit_that_is_not_there_is_all_that_is_said(void **state)
{
    const struct stek_doctor_facts facts = {.unit = "ngnix.service"};

    (void)state;
    assert_fault(&facts, "no-unit", "systemctl list-unit-files");
    assert_int_equal(judged(&facts).count, 1);
}

static void a_unit_that_starts_nothing_points_to_the_one_that_does(void **state)
{
    const struct stek_doctor_facts facts = {
        .unit = "postfix.service", .found = true, .dummy = true, .real = "postfix@-.service"};

    (void)state;
    assert_fault(&facts, "dummy-unit", "stek doctor postfix@-.service");
}

static void a_unit_that_was_not_enabled_says_how_to_see_what_would_change(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.enabled = false;
    assert_fault(&facts, "not-enabled", "stek enable nginx.service --ring RING --dry-run");
}

static void a_ring_that_is_not_there_is_named(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.ring_there = false;
    assert_fault(&facts, "ring-missing", "there is no ring web");
}

static void haproxy_without_a_context_is_told_to_take_one(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.unit, "haproxy.service");
    assert_fault(&facts, "no-context", "stek enable haproxy.service --ring web --context LABEL");
    facts.context = true;
    const struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "no-context"));
}

static void processes_that_are_older_than_enable_want_a_restart(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    for (size_t i = 0; i < 2; i++)
        facts.process[i].module = facts.process[i].ring = facts.process[i].asked = false;
    assert_fault(&facts, "restart", "systemctl restart nginx.service");
}

static void postfix_is_told_with_the_whole_command(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.unit, "postfix@-.service");
    for (size_t i = 0; i < 2; i++)
        facts.process[i].module = facts.process[i].ring = false;
    facts.process[1].asked = false; /* its children */
    assert_fault(&facts, "environment",
                 "postconf -e \"import_environment=$(postconf -h import_environment) "
                 "OPENSSL_CONF\"");
}

static void a_program_with_file_capabilities_is_told_why(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0].module = facts.process[1].module = false;
    facts.process[0].privileged = true;
    assert_fault(&facts, "privileged", "OpenSSL ignores OPENSSL_CONF");
}

static void a_ring_file_that_was_replaced_wants_a_reload(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[1].ring = false;
    facts.process[1].old_ring = true;
    assert_fault(&facts, "old-ring", "1 of its processes");
}

static void another_ring_is_named_with_its_process(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.process[1].other_ring, "/run/stek/mail.ring");
    assert_fault(&facts, "other-ring", "process 101 (nginx) uses /run/stek/mail.ring");
}

static void keys_of_its_own_are_a_fault_unless_they_were_asked_for(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0].ring = facts.process[1].ring = false;
    assert_fault(&facts, "own-keys", "not ring web");
    facts.private_ring = true;
    const struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "own-keys"));
}

static void a_profile_of_apparmor_is_named_where_stek_does_not_work(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.process[1].profile, "named");
    const struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "apparmor"));
    facts.process[0].ring = facts.process[1].ring = false;
    assert_fault(&facts, "apparmor", "by the profile named");
}

static void who_uses_the_ring_may_read_it(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0].may_read = facts.process[1].may_read = false; /* root has opened it */
    const struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "may-not-read"));
}

static void an_environment_that_children_have_is_not_cleared(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.unit, "dovecot.service");
    for (size_t i = 0; i < 2; i++)
        facts.process[i].module = facts.process[i].ring = facts.process[i].libssl = false;
    facts.process[2] = facts.process[1];
    facts.process[2].asked = false; /* one that has nothing to do with TLS */
    facts.process_count = 3;
    const struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "environment"));
    assert_true(has(&report, "no-libssl"));
}

static void who_may_not_read_the_ring_is_told(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0].may_read = facts.process[1].may_read = false;
    facts.process[0].ring = facts.process[1].ring = false;
    assert_fault(&facts, "may-not-read", "stek enable nginx.service --ring web");
}

static void tickets_that_are_switched_off_are_told_with_their_place(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.settings.tickets_off, "/etc/nginx/nginx.conf:12");
    assert_fault(&facts, "tickets-off", "/etc/nginx/nginx.conf:12 switches tickets off");
    facts.enabled = false;
    assert_fault(&facts, "tickets-off", "/etc/nginx/nginx.conf:12 switches tickets off");
}

static void a_timeout_that_is_shorter_than_accept_is_a_note(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.settings.timeout_s = 300;
    const struct stek_doctor_report report = judged(&facts);
    assert_int_equal(level_of(&report, "short-timeout"), STEK_DOCTOR_NOTE);
    assert_non_null(strstr(text_of(&report, "short-timeout"), "ssl_session_timeout"));
    assert_int_equal(stek_doctor_worst(&report), STEK_DOCTOR_NOTE);
}

static void what_counters_tell_is_passed_on(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.verifies_peers = facts.own_ids = true;
    const struct stek_doctor_report report = judged(&facts);
    assert_true(has(&report, "verifies-peers"));
    assert_true(has(&report, "session-id-context"));
    facts.replaced = true;
    assert_fault(&facts, "replaced", "put ticket keys of its own");
}

static void a_libcrypto_of_its_own_is_a_note(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    (void)strcpy(facts.process[1].foreign, "/opt/lib/libcrypto-own.so");
    const struct stek_doctor_report report = judged(&facts);
    assert_int_equal(level_of(&report, "foreign-libcrypto"), STEK_DOCTOR_NOTE);
}

static void a_filter_of_system_calls_is_a_note_where_the_ring_is_not_used(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.process[0].filtered = facts.process[1].filtered = true;
    struct stek_doctor_report report = judged(&facts);
    assert_false(has(&report, "filtered"));
    facts.process[0].ring = facts.process[1].ring = false;
    report = judged(&facts);
    assert_non_null(strstr(text_of(&report, "filtered"), "journalctl -u nginx.service"));
}

static void a_ring_that_no_ticket_has_used_is_a_note_where_processes_use_it(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.unused = true;
    struct stek_doctor_report report = judged(&facts);
    assert_int_equal(level_of(&report, "unused"), STEK_DOCTOR_NOTE);
    assert_non_null(strstr(text_of(&report, "unused"), "visit nginx.service, then look again"));
    facts.process[0].ring = facts.process[1].ring = false;
    report = judged(&facts);
    assert_false(has(&report, "unused"));
}

static void a_server_that_gives_no_tickets_by_itself_is_a_fault(void **state)
{
    struct stek_doctor_facts facts = well();

    (void)state;
    facts.settings = (struct stek_doctor_settings){.server = "prosody", .off_by_default = true};
    assert_fault(&facts, "tickets-off", "no_ticket = false");
    assert_fault(&facts, "tickets-off", "stek disable nginx.service");
    facts.enabled = false;
    const struct stek_doctor_report report = judged(&facts);
    assert_null(strstr(text_of(&report, "tickets-off"), "stek disable"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_that_is_well_has_no_fault_and_no_note),
        cmocka_unit_test(a_unit_that_is_not_there_is_all_that_is_said),
        cmocka_unit_test(a_unit_that_starts_nothing_points_to_the_one_that_does),
        cmocka_unit_test(a_unit_that_was_not_enabled_says_how_to_see_what_would_change),
        cmocka_unit_test(a_ring_that_is_not_there_is_named),
        cmocka_unit_test(haproxy_without_a_context_is_told_to_take_one),
        cmocka_unit_test(processes_that_are_older_than_enable_want_a_restart),
        cmocka_unit_test(postfix_is_told_with_the_whole_command),
        cmocka_unit_test(a_program_with_file_capabilities_is_told_why),
        cmocka_unit_test(a_ring_file_that_was_replaced_wants_a_reload),
        cmocka_unit_test(another_ring_is_named_with_its_process),
        cmocka_unit_test(keys_of_its_own_are_a_fault_unless_they_were_asked_for),
        cmocka_unit_test(who_may_not_read_the_ring_is_told),
        cmocka_unit_test(a_profile_of_apparmor_is_named_where_stek_does_not_work),
        cmocka_unit_test(who_uses_the_ring_may_read_it),
        cmocka_unit_test(an_environment_that_children_have_is_not_cleared),
        cmocka_unit_test(tickets_that_are_switched_off_are_told_with_their_place),
        cmocka_unit_test(a_timeout_that_is_shorter_than_accept_is_a_note),
        cmocka_unit_test(what_counters_tell_is_passed_on),
        cmocka_unit_test(a_libcrypto_of_its_own_is_a_note),
        cmocka_unit_test(a_ring_that_no_ticket_has_used_is_a_note_where_processes_use_it),
        cmocka_unit_test(a_server_that_gives_no_tickets_by_itself_is_a_fault),
        cmocka_unit_test(a_filter_of_system_calls_is_a_note_where_the_ring_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
