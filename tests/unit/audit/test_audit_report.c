/* SPDX-License-Identifier: Apache-2.0 */
/* The reports: what is in them, that they fit, and that nothing from outside gets out of its
 * place. */
#include "unit.h"

#include "audit_scene.h"

#include "audit/report/report.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum report { TEXT, COLOUR, JSON, HTML, SARIF, JUNIT };

/* The caller frees the text. */
static char *report(struct scene *scene, enum report kind)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    enum stek_result result;

    assert_non_null(out);
    scene_judge(scene);
    const struct stek_audit_report all = {.obs = &scene->obs, .findings = &scene->findings};
    if (kind == JSON)
        result = stek_audit_report_json(out, &all);
    else if (kind == SARIF)
        result = stek_audit_report_sarif(out, &all);
    else if (kind == JUNIT)
        result = stek_audit_report_junit(out, &all);
    else if (kind == HTML)
        result = stek_audit_report_html(out, &all);
    else
        result = stek_audit_report_text(out, &all, kind == COLOUR);
    assert_int_equal(result, STEK_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect_words(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

/* Two targets with a flaw between them, and a long list of findings. */
static void set_the_scene(struct scene *scene)
{
    const uint32_t a = scene_sound(scene);
    const uint32_t b = scene_target(scene, "2001:db8::1",
                                    "a-rather-long-name-of-a-virtual-host.department.example.org");

    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 77;
    scene->obs.tickets[1].hint_s = 8 * 86400;
    (void)scene_offer(scene, b, STEK_AUDIT_TLS13, 'q');
    (void)scene_offer(scene, b, STEK_AUDIT_TLS13, 'q');
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_CONTROL, a, STEK_AUDIT_TLS13);
    SCENE_SET(h->sni, scene->obs.targets[b].sni);
    h->cert_fits = false;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, a, 4, true);
    for (int i = 0; i < 12; i++)
        (void)scene_offer(scene, a, STEK_AUDIT_TLS12, (uint8_t)('A' + i));
}

static void the_table_fits_80_columns_and_is_plain(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, TEXT);
    size_t column = 0;
    for (const char *at = text; *at != '\0'; at++) {
        column = *at == '\n' ? 0 : column + 1;
        if (column > 80)
            fail_msg("over 80 columns: %.90s", at - 80);
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
    }
    free(text);
}

static void the_table_tells_each_finding_what_why_and_what_to_do(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, TEXT);
    expect_words(text, "critical  no-mac  a.example:443  TLS 1.2\n");
    expect_words(text, "seen    1 of 11 changed tickets resumed");
    expect_words(text, "why     Without authentication");
    expect_words(text, "(RFC 5077 section 4)");
    expect_words(text, "do      Switch tickets off");
    expect_words(text, "high      shared-keys");
    expect_words(text, "1/1!");             /* the matrix */
    expect_words(text, "6b6b6b6b6b6b6b6b"); /* a key name */
    expect_words(text, "1 critical, 1 high, 1 medium");
    free(text);
}

static void colour_is_there_only_when_asked_for(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, COLOUR);
    expect_words(text, "\033[1;31mcritical\033[0m");
    free(text);
}

static void json_holds_every_finding_with_its_figures(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, JSON);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "targets")), 2);
    assert_int_equal(json_array_size(json_object_get(root, "matrix")), 4);
    assert_int_equal(json_array_size(json_object_get(root, "findings")), scene->findings.len);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(root, "summary"), "critical")), 1);
    const json_t *first = json_array_get(json_object_get(root, "findings"), 0);
    static const char *const strings[] = {"id",       "severity", "version",   "title",
                                          "observed", "why",      "reference", "advice"};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        assert_true(json_is_string(json_object_get(first, strings[i])));
    assert_string_equal(json_string_value(json_object_get(first, "id")), "no-mac");
    assert_string_equal(json_string_value(json_object_get(first, "version")), "1.2");
    assert_int_equal(json_integer_value(json_object_get(first, "target")), 0);
    assert_true(json_is_null(json_object_get(first, "other")));
    const json_t *cell = json_array_get(json_object_get(root, "matrix"), 2);
    assert_string_equal(json_string_value(json_object_get(cell, "verdict")), "flaw");
    assert_int_equal(json_integer_value(json_object_get(cell, "from")), 1);
    const json_t *name = json_array_get(json_object_get(root, "key_names"), 0);
    assert_string_equal(json_string_value(json_object_get(name, "name")),
                        "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b");
    json_decref(root);
    free(text);
}

static void the_page_has_findings_matrix_and_timeline_and_needs_nothing_else(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, HTML);
    expect_words(text, "data-id=\"no-mac\"");
    expect_words(text, "<table id=\"matrix\">");
    expect_words(text, "<td class=\"flaw\">1 of 1 (flaw)");
    expect_words(text, "<svg id=\"timeline\"");
    expect_words(text, "6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b: 4 tickets");
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "http://"));
    assert_null(strstr(text, "https://"));
    assert_null(strstr(text, "src="));
    free(text);
}

static void the_first_line_is_the_verdict_on_the_target(void **state)
{
    struct scene *scene = *state;

    scene_sound(scene);
    char *text = report(scene, TEXT);
    expect_words(text, "a.example:443: nothing was found that needs mending.\n");
    assert_ptr_equal(text, strstr(text, "a.example:443: "));
    free(text);
    scene_try(scene, STEK_AUDIT_TAMPER, 0, true)->flip_at = 77;
    text = report(scene, TEXT);
    expect_words(text, "a.example:443: 1 critical finding, the gravest is no-mac.\n");
    free(text);
    text = report(scene, HTML);
    expect_words(text, "<title>Session tickets: a.example:443: 1 critical finding");
    free(text);
}

static void the_page_folds_what_is_only_worth_knowing(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, HTML);
    const char *fold = strstr(text, "<details><summary>For information: ");
    assert_non_null(fold);
    assert_true(strstr(text, "data-id=\"no-mac\"") < fold);
    assert_true(strstr(text, "class=\"finding info\"") > fold);
    free(text);
}

/* OASIS, SARIF 2.1.0: what is required, and what indices point to. */
static void sarif_names_a_rule_a_level_and_a_target_for_each_finding(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    char *text = report(scene, SARIF);
    json_t *root = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "version")), "2.1.0");
    const json_t *run = json_array_get(json_object_get(root, "runs"), 0);
    const json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
    const json_t *rules = json_object_get(driver, "rules");
    const json_t *results = json_object_get(run, "results");
    assert_int_equal(json_array_size(results), scene->findings.len);
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        const json_t *rule =
            json_array_get(rules, (size_t)json_integer_value(json_object_get(result, "ruleIndex")));
        assert_string_equal(json_string_value(json_object_get(result, "ruleId")),
                            json_string_value(json_object_get(rule, "id")));
        assert_true(json_is_string(json_object_get(json_object_get(result, "message"), "text")));
        assert_true(json_is_array(json_object_get(result, "locations")));
    }
    const json_t *first = json_array_get(results, 0);
    assert_string_equal(json_string_value(json_object_get(first, "level")), "error");
    expect_words(text, "\"fullyQualifiedName\": \"a.example:443\"");
    json_decref(root);
    free(text);
}

static void junit_fails_for_what_wants_something_done(void **state)
{
    struct scene *scene = *state;
    char counts[64];
    size_t failures = 0;

    set_the_scene(scene);
    char *text = report(scene, JUNIT);
    for (size_t i = 0; i < scene->findings.len; i++)
        failures += scene->findings.items[i].severity > STEK_AUDIT_INFO;
    (void)snprintf(counts, sizeof counts, "tests=\"%zu\" failures=\"%zu\" errors=\"0\">",
                   scene->findings.len, failures);
    expect_words(text, counts);
    expect_words(text, "<testcase classname=\"a.example:443\" name=\"no-mac\">\n"
                       "      <failure type=\"critical\" message=\"1 of 11 changed");
    free(text);
}

static void no_report_holds_a_secret_of_a_session(void **state)
{
    struct scene *scene = *state;

    set_the_scene(scene);
    for (int kind = TEXT; kind <= JUNIT; kind++) {
        char *text = report(scene, (enum report)kind);
        for (size_t i = 0; i < scene->obs.tickets_len; i++) {
            char piece[17];
            for (int k = 0; k < 8; k++)
                (void)snprintf(piece + 2 * k, 3, "%02x", scene->obs.tickets[i].secret[k]);
            assert_null(strstr(text, piece));
        }
        free(text);
    }
}

/* Names come from the command line and from recordings, the rest from servers. */
static void nothing_from_outside_becomes_markup_or_steers_a_terminal(void **state)
{
    struct scene *scene = *state;
    const uint32_t target =
        scene_target(scene, "<b>&\"'\033[31m", "</title><script>alert(1)</script>");
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_OFFER, target, STEK_AUDIT_TLS13);

    h->outcome = STEK_AUDIT_UNREACHABLE;
    h->version = 0;
    SCENE_SET(h->problem, "<img src=x onerror=alert(1)>\033]0;x\a");
    char *text = report(scene, HTML);
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "<img"));
    assert_null(strstr(text, "<b>"));
    assert_null(strchr(text, '\033'));
    expect_words(text, "&lt;b&gt;&amp;&quot;&#39;?[31m");
    free(text);
    text = report(scene, TEXT);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
    free(text);
    text = report(scene, JUNIT);
    assert_null(strstr(text, "<img"));
    assert_null(strstr(text, "<b>"));
    assert_null(strchr(text, '\033'));
    free(text);
    text = report(scene, SARIF);
    json_t *sarif = json_loads(text, 0, NULL);
    assert_non_null(sarif);
    json_decref(sarif);
    assert_null(strchr(text, '\033'));
    free(text);
    text = report(scene, JSON);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    json_decref(root);
    free(text);
}

static void an_empty_observation_can_be_reported(void **state)
{
    struct scene *scene = *state;

    for (int kind = TEXT; kind <= HTML; kind++)
        free(report(scene, (enum report)kind));
}

static void a_full_disk_is_an_error(void **state)
{
    struct scene *scene = *state;
    FILE *out = fopen("/dev/full", "w");

    if (out == NULL)
        abort();
    (void)setvbuf(out, NULL, _IONBF, 0);
    set_the_scene(scene);
    scene_judge(scene);
    const struct stek_audit_report all = {.obs = &scene->obs, .findings = &scene->findings};
    assert_int_equal(stek_audit_report_text(out, &all, false), STEK_ERR_SYSTEM);
    clearerr(out);
    assert_int_equal(stek_audit_report_json(out, &all), STEK_ERR_SYSTEM);
    clearerr(out);
    assert_int_equal(stek_audit_report_html(out, &all), STEK_ERR_SYSTEM);
    (void)fclose(out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(the_table_fits_80_columns_and_is_plain),
        WITH_SCENE(the_table_tells_each_finding_what_why_and_what_to_do),
        WITH_SCENE(colour_is_there_only_when_asked_for),
        WITH_SCENE(json_holds_every_finding_with_its_figures),
        WITH_SCENE(the_page_has_findings_matrix_and_timeline_and_needs_nothing_else),
        WITH_SCENE(the_first_line_is_the_verdict_on_the_target),
        WITH_SCENE(the_page_folds_what_is_only_worth_knowing),
        WITH_SCENE(sarif_names_a_rule_a_level_and_a_target_for_each_finding),
        WITH_SCENE(junit_fails_for_what_wants_something_done),
        WITH_SCENE(no_report_holds_a_secret_of_a_session),
        WITH_SCENE(nothing_from_outside_becomes_markup_or_steers_a_terminal),
        WITH_SCENE(an_empty_observation_can_be_reported),
        WITH_SCENE(a_full_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
