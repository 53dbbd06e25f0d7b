/* SPDX-License-Identifier: Apache-2.0 */
/* Any observation at all: the judge gives a sound list, and every report can be written from it. */
#include "../driver/fuzz.h"

#include "audit/judge/judge.h"
#include "audit/report/report.h"

#include <stdio.h>
#include <string.h>

static void take_text(struct fuzz_input *input, char *text, size_t room)
{
    const size_t len = (size_t)fuzz_take(input, 1) % room;

    for (size_t i = 0; i < len; i++)
        text[i] = (char)fuzz_take(input, 1);
    text[len] = '\0';
}

static void add_target(struct fuzz_input *input, struct stek_audit_observation *obs)
{
    struct stek_audit_target target = {.port = (uint16_t)fuzz_take(input, 2)};

    take_text(input, target.host, 8);
    take_text(input, target.sni, 8);
    (void)!stek_audit_add_target(obs, &target);
}

static void add_handshake(struct fuzz_input *input, struct stek_audit_observation *obs)
{
    static const uint16_t versions[] = {0x0303, 0x0304, 0, 0x0302};
    const uint64_t flags = fuzz_take(input, 2);
    struct stek_audit_handshake h = {
        .purpose = (enum stek_audit_purpose)(fuzz_take(input, 1) % STEK_AUDIT_PURPOSES),
        .target = (uint32_t)(fuzz_take(input, 1) % 4),
        .ticket = (flags & 1) != 0 ? (uint32_t)fuzz_take(input, 1) : STEK_AUDIT_NONE,
        .at = (int64_t)fuzz_take(input, 8),
        .version_offered = versions[flags >> 1 & 3],
        .flip_at = (int32_t)fuzz_take(input, 4),
        .outcome = (enum stek_audit_outcome)(fuzz_take(input, 1) % STEK_AUDIT_OUTCOMES),
        .alert = (uint8_t)fuzz_take(input, 1),
        .finished = (flags & 8) != 0,
        .resumed = (flags & 16) != 0,
        .version = versions[flags >> 5 & 3],
        .cipher = (uint16_t)fuzz_take(input, 2),
        .dhe = (flags & 128) != 0,
        .cert_requested = (flags & 256) != 0,
        .cert_sent = (flags & 512) != 0,
        .cert_seen = (flags & 1024) != 0,
        .cert_fits = (flags & 2048) != 0,
        .tickets = (uint32_t)fuzz_take(input, 4),
        .early = (enum stek_audit_early)((flags >> 12) % 3),
    };

    take_text(input, h.sni, 4);
    take_text(input, h.answer, 16);
    take_text(input, h.problem, sizeof h.problem);
    (void)!stek_audit_add_handshake(obs, &h);
}

static void add_ticket(struct fuzz_input *input, struct stek_audit_observation *obs)
{
    uint8_t bytes[128];
    struct stek_audit_ticket ticket = {
        .handshake = (uint32_t)fuzz_take(input, 1),
        .target = (uint32_t)(fuzz_take(input, 1) % 4),
        .received = (int64_t)fuzz_take(input, 8),
        .version = (uint16_t)(0x0303 + fuzz_take(input, 1) % 2),
        .cipher = (uint16_t)fuzz_take(input, 2),
        .hint_s = (uint32_t)fuzz_take(input, 4),
        .max_early_data = (uint32_t)fuzz_take(input, 1),
        .secret_len = (uint8_t)(fuzz_take(input, 1) % 49),
        .bytes = bytes,
        .len = (size_t)(fuzz_take(input, 1) % sizeof bytes),
    };
    const uint8_t fill = (uint8_t)fuzz_take(input, 1);

    memset(bytes, fill, sizeof bytes);
    for (size_t i = 0; i < ticket.len && i < 40; i += 1 + (fill & 7))
        bytes[i] = (uint8_t)fuzz_take(input, 1);
    for (uint8_t i = 0; i < ticket.secret_len; i++)
        ticket.secret[i] = fill;
    take_text(input, ticket.sni, 4);
    (void)!stek_audit_add_ticket(obs, &ticket);
}

/* The dictionary is left out: fuzz_audit_ticket.c looks at what it does. */
static bool stop(void *arg)
{
    (void)arg;
    return true;
}

static void report(const struct stek_audit_observation *obs,
                   const struct stek_audit_findings *findings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct stek_audit_since since;

    FUZZ_MUST(stek_audit_compare(obs, findings, obs, findings, &since) == STEK_OK);
    FUZZ_MUST(since.count[STEK_AUDIT_NEW] + since.count[STEK_AUDIT_GONE] == 0);
    const struct stek_audit_report all = {.obs = obs, .findings = findings, .since = &since};
    FUZZ_MUST(out != NULL);
    FUZZ_MUST(stek_audit_report_text(out, &all, false) == STEK_OK);
    FUZZ_MUST(stek_audit_report_json(out, &all) == STEK_OK);
    FUZZ_MUST(stek_audit_report_html(out, &all) == STEK_OK);
    FUZZ_MUST(fclose(out) == 0);
    for (size_t i = 0; i < len; i++)
        FUZZ_MUST(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    free(text);
    stek_audit_since_fini(&since);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stek_audit_judge_hooks hooks = {NULL, stop, NULL};
    struct fuzz_input input = {data, size};
    struct stek_audit_observation obs;
    struct stek_audit_findings findings;

    stek_audit_observation_init(&obs);
    obs.started = (int64_t)fuzz_take(&input, 8);
    obs.ended = (int64_t)fuzz_take(&input, 8);
    obs.plan.watch_s = (int64_t)fuzz_take(&input, 4);
    while (input.left > 0 && obs.handshakes_len < 400) {
        const uint64_t what = fuzz_take(&input, 1) % 8;
        if (what == 0)
            add_target(&input, &obs);
        else if (what < 5)
            add_handshake(&input, &obs);
        else
            add_ticket(&input, &obs);
    }
    FUZZ_MUST(stek_audit_judge(&obs, &hooks, &findings) == STEK_OK);
    for (size_t i = 0; i < findings.len; i++) {
        FUZZ_MUST(findings.items[i].id < STEK_AUDIT_IDS && findings.items[i].observed[0] != '\0');
        FUZZ_MUST(i == 0 || findings.items[i - 1].severity >= findings.items[i].severity);
    }
    report(&obs, &findings);
    stek_audit_findings_fini(&findings);
    stek_audit_observation_fini(&obs);
    return 0;
}
