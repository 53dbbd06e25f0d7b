/* SPDX-License-Identifier: Apache-2.0 */
/* stek audit: observes servers (or reads a recording), judges, reports. */
#include "cli/audit/audit.h"
#include "cli/audit/recording.h"

#include "audit/judge/judge.h"
#include "audit/observe/observe.h"
#include "audit/record/record.h"
#include "audit/report/report.h"
#include "cli/command.h"
#include "cli/format.h"
#include "core/plural.h"
#include "crypto/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* One run of the command. */
struct audit {
    struct audit_request *request;
    struct stek_audit_observation obs;
    struct stek_audit_findings findings;
    struct audit_earlier earlier; /* with --since */
    struct stek_audit_since since;
    struct stek_audit_profile profile; /* with --profile */
    FILE *record;
    struct stek_audit_record_mark mark;
    bool watching;
    int record_error; /* errno of the first line that could not be written */
};

static void after_handshake(void *arg)
{
    struct audit *audit = arg;

    if (audit->record != NULL && audit->record_error == 0 &&
        stek_audit_record_append(audit->record, &audit->obs, &audit->mark) != STEK_OK)
        audit->record_error = errno != 0 ? errno : EIO;
}

/* A recording that cannot be written is worth nothing: the audit ends, and says why. */
static bool must_stop(void *arg)
{
    const struct audit *audit = arg;

    return audit_stop_asked(NULL) || audit->record_error != 0;
}

static void on_progress(void *arg, uint32_t done, uint32_t planned, int64_t left_s)
{
    const struct audit *audit = arg;

    if (audit->watching)
        audit_progress_watch(audit->obs.ended - audit->obs.started, audit->obs.plan.watch_s,
                             audit->obs.handshakes_len);
    else
        audit_progress_connections(done, planned, left_s);
}

/* A recording that was cut off at once may lack the last of them. */
static bool has_same_targets(const struct audit *audit)
{
    const struct audit_request *request = audit->request;

    if (audit->obs.targets_len > request->targets_len)
        return false;
    for (size_t i = 0; i < audit->obs.targets_len; i++) {
        const struct stek_audit_target *seen = &audit->obs.targets[i],
                                       *asked = &request->targets[i];
        if (strcmp(seen->host, asked->host) != 0 || strcmp(seen->sni, asked->sni) != 0 ||
            seen->port != asked->port)
            return false;
    }
    return true;
}

/* If the last line of the recording is incomplete, it continues before that line. */
static int take_up(struct audit *audit, int fd)
{
    const struct audit_request *request = audit->request;
    char problem[AUDIT_PROBLEM_LEN] = "";
    long good_len = 0;
    FILE *in = fdopen(dup(fd), "r");
    const enum stek_result result =
        in == NULL ? STEK_ERR_SYSTEM : audit_read_stream(in, &audit->obs, &good_len, problem);

    if (result != STEK_OK)
        return audit_fail("--record", request->record,
                          problem[0] != '\0' ? problem : stek_format_result(result));
    if (!has_same_targets(audit))
        return audit_fail("--record", request->record,
                          "is a recording of other targets: name another file");
    audit->mark = stek_audit_record_mark(&audit->obs);
    for (size_t i = audit->obs.targets_len; i < request->targets_len; i++)
        if (stek_audit_add_target(&audit->obs, &request->targets[i]) != STEK_OK)
            return audit_fail("--record", request->record, stek_result_text(STEK_ERR_MEMORY));
    audit->obs.plan = request->plan;
    if (ftruncate(fd, good_len) != 0 || lseek(fd, 0, SEEK_END) < 0)
        return audit_fail("--record", request->record, strerror(errno));
    return STEK_EXIT_FINE;
}

/* A new file, or for a watch one to go on with. *ret_old tells which. */
static int open_record(struct audit *audit, bool *ret_old)
{
    const struct audit_request *request = audit->request;
    int code = STEK_EXIT_FINE;
    int fd = open(request->record, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    *ret_old = fd < 0 && errno == EEXIST && request->plan.watch_s > 0;
    if (*ret_old) {
        fd = open(request->record, O_RDWR | O_CLOEXEC);
        *ret_old = fd < 0 || lseek(fd, 0, SEEK_END) !=
                                 0; /* cut off before its first line, it is as good as new */
        (void)lseek(fd, 0, SEEK_SET);
    }
    if (fd < 0)
        return audit_fail("--record", request->record,
                          errno == EEXIST ? "exists already: name a new file" : strerror(errno));
    if (*ret_old)
        code = take_up(audit, fd);
    if (code == STEK_EXIT_FINE && (audit->record = fdopen(fd, "a")) == NULL)
        code = audit_fail("--record", request->record, strerror(errno));
    if (audit->record == NULL)
        (void)close(fd);
    else
        (void)setvbuf(audit->record, NULL, _IONBF, 0); /* it would keep secrets */
    return code;
}

/* The watch begins when all else is done. A recording that was cut off before has it done again,
 * for what is missing. */
static bool was_watched(const struct stek_audit_observation *obs)
{
    for (size_t i = 0; i < obs->handshakes_len; i++)
        if (obs->handshakes[i].purpose == STEK_AUDIT_SAMPLE)
            return true;
    return false;
}

static void announce(const struct audit_request *request, bool only_watch)
{
    const size_t targets = request->targets_len;
    const uint32_t planned = only_watch ? 0 : stek_audit_planned(&request->plan, targets);
    const uint32_t rate = request->plan.rate;
    const int64_t most_s = stek_audit_time_limit(&request->plan, targets) +
                           audit_limit_s((size_t)request->plan.tickets * targets);
    char span[32];

    if (planned > 0)
        (void)fprintf(stderr,
                      "stek audit: at most %u %s to %zu %s, at most %u a second: %s "
                      "at that rate, then the known keys; never longer than %s\n",
                      (unsigned)planned, stek_plural(planned, "connection", "connections"), targets,
                      stek_plural(targets, "target", "targets"), (unsigned)rate,
                      audit_span(planned / rate + 1 + request->plan.over_s, span),
                      audit_span(most_s, (char[32]){0}));
    if (request->plan.watch_s > 0)
        (void)fprintf(stderr, "stek audit: then at most %u every %s, until %s after the start\n",
                      (unsigned)stek_audit_planned_round(targets),
                      audit_span(request->plan.sample_s, span),
                      audit_span(request->plan.watch_s, (char[32]){0}));
}

static enum stek_result look(struct audit *audit, struct stek_audit_client *client, bool only_watch)
{
    const struct stek_audit_observe_hooks hooks = {must_stop, after_handshake, on_progress, audit};
    enum stek_result result = STEK_OK;

    if (!only_watch)
        result = stek_audit_observe(client, &audit->obs, &hooks);
    audit->watching = true;
    if (result == STEK_OK && audit->request->plan.watch_s > 0 && !must_stop(audit))
        result = stek_audit_watch(client, &audit->obs, &hooks);
    audit_progress_clear();
    if (audit->record != NULL && audit->record_error == 0 &&
        stek_audit_record_end(audit->record, &audit->obs) != STEK_OK)
        audit->record_error = errno != 0 ? errno : EIO;
    return result;
}

static int observe(struct audit *audit)
{
    const struct stek_audit_stop stop = {must_stop, audit};
    struct stek_audit_client *client = NULL;
    const char *record = audit->request->record != NULL ? audit->request->record : "";
    char problem[AUDIT_PROBLEM_LEN] = "";
    bool old = false;

    if (stek_audit_client_new(&audit->request->client, &stop, &client, problem, sizeof problem) !=
        STEK_OK)
        return audit_refuse(problem);
    int code = audit->request->record != NULL ? open_record(audit, &old) : STEK_EXIT_FINE;
    if (code == STEK_EXIT_FINE) {
        audit->obs.plan = audit->request->plan;
        for (size_t i = 0; i < audit->request->targets_len && !old; i++)
            if (stek_audit_add_target(&audit->obs, &audit->request->targets[i]) != STEK_OK)
                code = audit_fail("cannot start", "", stek_result_text(STEK_ERR_MEMORY));
        const bool only_watch = was_watched(&audit->obs);
        announce(audit->request, only_watch);
        audit_stop_catch();
        const enum stek_result result = look(audit, client, only_watch);
        if (audit->record_error != 0)
            code = audit_fail("--record", record, strerror(audit->record_error));
        else if (result != STEK_OK)
            code = audit_fail("ended early", "", stek_format_result(result));
        else if (audit->obs.interrupted && audit->request->plan.watch_s > 0)
            (void)fprintf(stderr,
                          "stek audit: stopped; run the same command again to continue from %s\n",
                          record);
    }
    stek_audit_client_free(client);
    return code;
}

static struct stek_audit_report report_of(const struct audit *audit)
{
    return (struct stek_audit_report){
        .obs = &audit->obs,
        .findings = &audit->findings,
        .since = audit->request->since != NULL ? &audit->since : NULL,
        .profile = audit->request->profile ? &audit->profile : NULL,
    };
}

static int write_html(const struct audit *audit)
{
    const struct stek_audit_report all = report_of(audit);
    FILE *out = fopen(audit->request->html, "we");

    if (out == NULL)
        return audit_fail("--html", audit->request->html, strerror(errno));
    const enum stek_result result = stek_audit_report_html(out, &all);
    if (fclose(out) != 0 || result != STEK_OK)
        return audit_fail("--html", audit->request->html,
                          result == STEK_ERR_MEMORY ? "no memory" : strerror(errno));
    return STEK_EXIT_FINE;
}

/* Before an audit that may last for days: can the page be written? What is there stays until it is.
 */
static int try_html(const struct audit *audit)
{
    const int fd = open(audit->request->html, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
        return audit_fail("--html", audit->request->html, strerror(errno));
    (void)close(fd);
    return STEK_EXIT_FINE;
}

static enum stek_result print(const struct audit *audit)
{
    const struct stek_audit_report all = report_of(audit);
    const char *no_colour = getenv("NO_COLOR");
    const bool colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || *no_colour == '\0');

    switch (audit->request->format) {
    case AUDIT_JSON:
        return stek_audit_report_json(stdout, &all);
    case AUDIT_SARIF:
        return stek_audit_report_sarif(stdout, &all);
    case AUDIT_JUNIT:
        return stek_audit_report_junit(stdout, &all);
    default:
        return stek_audit_report_text(stdout, &all, colour);
    }
}

static int report(const struct audit *audit)
{
    const enum stek_result result = print(audit);

    if (result != STEK_OK)
        return audit_fail("cannot report", "", stek_format_result(result));
    return audit->request->html != NULL ? write_html(audit) : STEK_EXIT_FINE;
}

/* Whether a finding fails the audit. With --since only a new one does; what is for information is
 * never compared. */
static bool fails(const struct audit *audit, size_t i)
{
    return audit->findings.items[i].severity >= audit->request->fail_on &&
           (audit->request->since == NULL || audit->since.now[i] != STEK_AUDIT_UNCHANGED);
}

/* Findings count before targets that could not be reached. */
static int verdict(const struct audit *audit)
{
    for (size_t i = 0; i < audit->findings.len; i++)
        if (fails(audit, i))
            return STEK_EXIT_DEGRADED;
    for (size_t i = 0; i < audit->findings.len; i++)
        if (audit->findings.items[i].id == STEK_AUDIT_NOT_REACHED)
            return STEK_EXIT_UNREACHABLE;
    return STEK_EXIT_FINE;
}

static int compare(struct audit *audit)
{
    const struct audit_earlier *earlier = &audit->earlier;

    if (!stek_audit_share_target(&audit->obs, &earlier->obs))
        return audit_fail("--since", audit->request->since, "is a recording of other targets");
    const enum stek_result result = stek_audit_compare(&audit->obs, &audit->findings, &earlier->obs,
                                                       &earlier->findings, &audit->since);
    return result == STEK_OK
               ? STEK_EXIT_FINE
               : audit_fail("--since", audit->request->since, stek_format_result(result));
}

static int run(struct audit *audit)
{
    const struct stek_audit_judge_hooks hooks = {audit_progress_tickets, audit_limit_passed, NULL};

    if (audit->request->html != NULL && try_html(audit) != STEK_EXIT_FINE)
        return STEK_EXIT_FAILED;
    if (audit->request->since != NULL &&
        audit_earlier_read(audit->request, &audit->earlier) != STEK_EXIT_FINE)
        return STEK_EXIT_FAILED;
    int code = audit->request->from != NULL
                   ? audit_read_file("--from", audit->request->from, &audit->obs)
                   : observe(audit);
    if (code != STEK_EXIT_FINE && audit->obs.handshakes_len == 0)
        return code;
    audit_limit_begin(audit->obs.tickets_len);
    audit_stop_catch();
    enum stek_result result = stek_audit_judge(&audit->obs, &hooks, &audit->findings);
    if (result == STEK_OK && audit->request->profile)
        result = stek_audit_judge_profile(&audit->obs, &audit->findings, &audit->profile);
    audit_progress_clear();
    audit_stop_release();
    if (result != STEK_OK)
        return audit_fail("cannot judge", "", stek_format_result(result));
    if (audit->request->since != NULL && compare(audit) != STEK_EXIT_FINE)
        return STEK_EXIT_FAILED;
    const int reported = report(audit);
    if (code != STEK_EXIT_FINE || reported != STEK_EXIT_FINE)
        return code != STEK_EXIT_FINE ? code : reported;
    return verdict(audit);
}

int stek_command_audit(int argc, char **argv)
{
    static struct audit_request request;
    struct audit audit = {.request = &request};

    if (!audit_options_read(argc, argv, &request))
        return STEK_EXIT_USAGE;
    if (request.help) {
        audit_print_help();
        return STEK_EXIT_FINE;
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0,
                0); /* a core dump would hold the secrets of its sessions */
    stek_audit_record_wipes();
    stek_audit_observation_init(&audit.obs);
    stek_audit_observation_init(&audit.earlier.obs);
    const int code = run(&audit);
    if (audit.record != NULL)
        (void)fclose(audit.record);
    stek_audit_profile_fini(&audit.profile);
    stek_audit_since_fini(&audit.since);
    audit_earlier_fini(&audit.earlier);
    stek_audit_findings_fini(&audit.findings);
    stek_audit_observation_fini(&audit.obs);
    return code;
}
