/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded file: whatever it holds, reading ends with a whole observation, which can be judged,
 * reported and written. What was written reads back as much. */
#include "../driver/fuzz.h"

#include "audit/judge/judge.h"
#include "audit/record/record.h"
#include "audit/report/report.h"

#include <stdio.h>

static bool at_once(void *arg)
{
    (void)arg;
    return true;
}

static void report(const struct stek_audit_observation *obs)
{
    const struct stek_audit_judge_hooks hooks = {NULL, at_once,
                                                 NULL}; /* the dictionary has a target of its own */
    struct stek_audit_findings findings = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return;
    FUZZ_MUST(stek_audit_judge(obs, &hooks, &findings) == STEK_OK);
    const struct stek_audit_report all = {.obs = obs, .findings = &findings};
    FUZZ_MUST(stek_audit_report_text(out, &all, false) == STEK_OK);
    FUZZ_MUST(stek_audit_report_json(out, &all) == STEK_OK);
    FUZZ_MUST(stek_audit_report_html(out, &all) == STEK_OK);
    (void)fclose(out);
    free(text);
    stek_audit_findings_fini(&findings);
}

static void write_and_read(const struct stek_audit_observation *obs)
{
    struct stek_audit_record_mark mark = {0};
    struct stek_audit_observation again;
    char problem[256] = "";
    char *text = NULL;
    size_t len = 0;
    long good_len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return;
    FUZZ_MUST(stek_audit_record_append(out, obs, &mark) == STEK_OK);
    (void)fclose(out);
    FILE *in = fmemopen(text, len, "r");
    stek_audit_observation_init(&again);
    FUZZ_MUST(in != NULL &&
              stek_audit_record_read(in, &again, &good_len, problem, sizeof problem) == STEK_OK);
    FUZZ_MUST(again.targets_len <= obs->targets_len && again.handshakes_len == obs->handshakes_len);
    (void)fclose(in);
    stek_audit_observation_fini(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_audit_observation obs;
    char problem[256] = "";
    long good_len = -1;
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

    if (in == NULL)
        return 0;
    stek_audit_observation_init(&obs);
    const enum stek_result result =
        stek_audit_record_read(in, &obs, &good_len, problem, sizeof problem);
    (void)fclose(in);
    FUZZ_MUST(result == STEK_OK || result == STEK_ERR_FORMAT);
    FUZZ_MUST((result == STEK_OK) == (good_len >= 0) &&
              (result == STEK_OK) == (problem[0] == '\0'));
    report(&obs);
    if (result == STEK_OK)
        write_and_read(&obs);
    stek_audit_observation_fini(&obs);
    return 0;
}
