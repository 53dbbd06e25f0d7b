/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what is written reads back, a torn end is left out, and nothing in a file is
 * believed. */
#include "audit_scene.h"
#include "unit.h"

#include "audit/record/record.h"

#include <stdlib.h>
#include <string.h>

static char *written(const struct stek_audit_observation *obs)
{
    struct stek_audit_record_mark mark = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(stek_audit_record_append(out, obs, &mark), STEK_OK);
    assert_int_equal(stek_audit_record_end(out, obs), STEK_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static char problem[256];
static long good_len;

static enum stek_result read_text(const char *text, struct stek_audit_observation *obs)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

    assert_non_null(in);
    problem[0] = '\0';
    good_len = -1;
    stek_audit_observation_init(obs);
    const enum stek_result result =
        stek_audit_record_read(in, obs, &good_len, problem, sizeof problem);
    assert_int_equal(fclose(in), 0);
    return result;
}

static void expect_refused(const char *text, const char *words)
{
    struct stek_audit_observation obs;

    assert_int_equal(read_text(text, &obs), STEK_ERR_FORMAT);
    if (strstr(problem, words) == NULL)
        fail_msg("'%s' does not say '%s'", problem, words);
    assert_int_equal(good_len, -1);
    stek_audit_observation_fini(&obs);
}

static void what_is_written_reads_back(void **state)
{
    struct scene *scene = *state;
    struct stek_audit_observation again;

    (void)scene_sound(scene);
    scene->obs.plan = (struct stek_audit_plan){200, 20, 60, 3600, 10, "smtp"};
    scene->obs.interrupted = true;
    (void)strcpy(scene->obs.targets[0].gave_up, "too slow");
    char *text = written(&scene->obs);
    assert_int_equal(read_text(text, &again), STEK_OK);
    assert_int_equal(good_len, strlen(text));
    assert_memory_equal(&again.plan, &scene->obs.plan, sizeof again.plan);
    assert_true(again.interrupted);
    assert_string_equal(again.targets[0].gave_up, "too slow");
    assert_int_equal(again.targets_len, scene->obs.targets_len);
    assert_int_equal(again.handshakes_len, scene->obs.handshakes_len);
    assert_int_equal(again.tickets_len, scene->obs.tickets_len);
    char *twice = written(&again);
    assert_string_equal(text, twice);
    free(text);
    free(twice);
    stek_audit_observation_fini(&again);
}

static void secrets_and_tickets_read_back_whole(void **state)
{
    struct scene *scene = *state;
    struct stek_audit_observation again;

    (void)scene_sound(scene);
    char *text = written(&scene->obs);
    assert_int_equal(read_text(text, &again), STEK_OK);
    for (size_t i = 0; i < again.tickets_len; i++) {
        assert_int_equal(again.tickets[i].len, scene->obs.tickets[i].len);
        assert_memory_equal(again.tickets[i].bytes, scene->obs.tickets[i].bytes,
                            again.tickets[i].len);
        assert_memory_equal(again.tickets[i].secret, scene->obs.tickets[i].secret,
                            sizeof again.tickets[i].secret);
    }
    free(text);
    stek_audit_observation_fini(&again);
}

/* Cut off anywhere, a recording is good up to its last whole line, and says how far that is. */
static void a_torn_recording_is_good_up_to_its_last_whole_line(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    char *text = written(&scene->obs);
    const size_t first = (size_t)(strchr(text, '\n') - text) + 1;
    for (size_t len = strlen(text); len > first; len -= len > 97 ? 97 : 1) {
        struct stek_audit_observation obs;
        text[len] = '\0';
        assert_int_equal(read_text(text, &obs), STEK_OK);
        assert_true(good_len > 0 && (size_t)good_len <= len);
        assert_int_equal(text[good_len - 1], '\n');
        assert_null(strchr(text + good_len, '\n'));
        stek_audit_observation_fini(&obs);
    }
    free(text);
}

/* What is appended in two goes is the same as in one. */
static void only_what_is_new_is_appended(void **state)
{
    struct scene *scene = *state;
    struct stek_audit_record_mark mark = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    const uint32_t target = scene_sound(scene);
    assert_int_equal(stek_audit_record_append(out, &scene->obs, &mark), STEK_OK);
    (void)scene_offer(scene, target, STEK_AUDIT_TLS12, 1);
    assert_int_equal(stek_audit_record_append(out, &scene->obs, &mark), STEK_OK);
    assert_int_equal(stek_audit_record_append(out, &scene->obs, &mark), STEK_OK);
    assert_int_equal(stek_audit_record_end(out, &scene->obs), STEK_OK);
    assert_int_equal(fclose(out), 0);
    char *at_once = written(&scene->obs);
    assert_string_equal(text, at_once);
    free(text);
    free(at_once);
}

/* The text with the first `from` replaced. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *out = malloc(strlen(text) + strlen(to) + 1);

    assert_non_null(at);
    assert_non_null(out);
    (void)sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void expect_change_refused(const char *text, const char *from, const char *to,
                                  const char *words)
{
    char *changed = replaced(text, from, to);

    expect_refused(changed, words);
    free(changed);
}

static void nothing_in_a_file_is_believed(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    char *text = written(&scene->obs);
    expect_change_refused(text, "\"type\":\"audit\"", "\"type\":\"other\"",
                          "line 1: a recording begins");
    expect_change_refused(text, "\"version\":1", "\"version\":2",
                          "line 1: not a recording of version 1");
    expect_change_refused(text, "\"started\":", "\"started\":-1,\"x\":", "'started'");
    expect_change_refused(text, "\"type\":\"target\"", "\"type\":\"aim\"",
                          "line 2: a line of unknown type");
    expect_change_refused(text, "\"host\":\"", "\"host\":\"\\u0007", "'host'");
    expect_change_refused(text, "\"purpose\":\"offer\"", "\"purpose\":\"guess\"", "'purpose'");
    expect_change_refused(text, "\"target\":0", "\"target\":1", "that does not exist");
    expect_change_refused(text, "\"target\":0", "\"target\":1.5", "'target'");
    expect_change_refused(text, "\"ticket\":null", "\"ticket\":5", "that does not exist");
    expect_change_refused(text, "\"version_offered\":771", "\"version_offered\":770",
                          "'version_offered'");
    expect_change_refused(text, "\"alert\":0", "\"alert\":256", "'alert'");
    expect_change_refused(text, "\"finished\":true", "\"finished\":1", "'finished'");
    expect_change_refused(text, "\"cert_sha256\":\"", "\"cert_sha256\":\"00", "'cert_sha256'");
    expect_change_refused(text, "\"secret\":\"", "\"secret\":\"0", "'secret'");
    expect_change_refused(text, "\"bytes\":\"", "\"bytes\":\"zz", "'bytes'");
    expect_change_refused(text, "\"handshake\":0", "\"handshake\":99999", "that does not exist");
    expect_change_refused(text, "\"interrupted\":false", "\"interrupted\":0", "'interrupted'");
    expect_change_refused(text, "}\n", "\n", "line 1: not JSON");
    free(text);
}

static void every_field_is_needed(void **state)
{
    struct scene *scene = *state;
    int fields = 0;

    (void)scene_sound(scene);
    char *text = written(&scene->obs);
    for (char *at = text; (at = strstr(at, "\":")) != NULL; at++) {
        if (at[-1] == 'x')
            continue;
        const char kept = at[-1];
        struct stek_audit_observation obs;
        at[-1] = 'x'; /* the field has another name now */
        if (strncmp(at - 4, "\"typx", 5) != 0)
            assert_int_equal(read_text(text, &obs), STEK_ERR_FORMAT);
        else
            stek_audit_observation_init(&obs);
        stek_audit_observation_fini(&obs);
        at[-1] = kept;
        if (fields++ == 80)
            break;
    }
    assert_true(fields > 70);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(what_is_written_reads_back),
        WITH_SCENE(secrets_and_tickets_read_back_whole),
        WITH_SCENE(a_torn_recording_is_good_up_to_its_last_whole_line),
        WITH_SCENE(only_what_is_new_is_appended),
        WITH_SCENE(nothing_in_a_file_is_believed),
        WITH_SCENE(every_field_is_needed),
    };

    return cmocka_run_group_tests_name("audit record", tests, NULL, NULL);
}
