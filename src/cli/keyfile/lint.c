/* SPDX-License-Identifier: Apache-2.0 */
/* stek keyfile lint: which layout a key file can have, and what is wrong with it. */
#include "cli/keyfile/lint.h"

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/keyfile/input.h"
#include "cli/keyfile/keyfile.h"

#include "core/duration.h"
#include "keyfile/read.h"
#include "status/ticketfile.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As long as a ring of the default policy keeps a key: rotate 1h and accept 12h. */
enum { MAX_AGE_DEFAULT = 13 * 3600 };

struct request {
    const struct stek_keyfile_layout *server; /* NULL: any */
    bool with_ticket;
    uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    size_t ticket_len;
    int64_t max_age;
    int64_t now;
    bool json;
};

/* Takes the layout into the report if it fits. Keys of another length are judged once. */
static bool try_layout(const struct request *request, const struct stek_keyfile_layout *layout,
                       const struct stek_keyfile_bytes *bytes, struct stek_keyfile_report *report)
{
    static struct stek_keyfile_keys keys;
    struct stek_keyfile_fit fit = {.layout = layout};
    bool judged = false;

    if (stek_keyfile_read(layout, bytes->at, bytes->len, &keys) != NULL)
        return true;
    fit.count = keys.count;
    if (request->with_ticket)
        fit.match = stek_keyfile_try(&keys, request->ticket, request->ticket_len, &fit.key);
    for (size_t i = 0; i < report->fits_count; i++)
        judged = judged || report->fits[i].layout->part_len == layout->part_len;
    if (report->fits_count < STEK_KEYFILE_FITS_MAX)
        report->fits[report->fits_count++] = fit;
    const bool ok = judged || stek_keyfile_judge(&keys, &report->findings) == STEK_OK;
    stek_keyfile_keys_wipe(&keys);
    return ok;
}

/* A text that holds the bytes of a key set in another coding, or how long a file would have to be.
 */
static const char *why_nothing_fits(const struct stek_keyfile_bytes *bytes)
{
    size_t len = bytes->len;

    while (len > 0 && strchr("\r\n", bytes->at[len - 1]) != NULL)
        len--;
    if (len != bytes->len && (len == 48 || len == 80))
        return "no server reads it: a line end follows the key, take it away";
    if (!stek_keyfile_is_text(bytes->at, bytes->len))
        return "no server reads it: files have 48, 80 or 92 bytes, or a multiple of 48 or 80";
    if (len == 96 || len == 160)
        return "no server reads it: it is a key in hexadecimal digits, where its bytes are wanted";
    return "no server reads it: it is text, but not HAProxy's base64, h2o's YAML or stunnel's "
           "lines";
}

static bool fits_named(const struct stek_keyfile_report *report, const char *name)
{
    for (size_t i = 0; i < report->fits_count; i++)
        if (strcmp(report->fits[i].layout->name, name) == 0)
            return true;
    return false;
}

static void judge_fit(const struct request *request, const struct stek_keyfile_bytes *bytes,
                      struct stek_keyfile_report *report)
{
    char text[STEK_KEYFILE_TEXT_MAX];

    if (report->fits_count == 0) {
        stek_keyfile_add_finding(&report->findings, "no-layout", why_nothing_fits(bytes));
    } else if (request->server != NULL && !fits_named(report, request->server->name)) {
        (void)snprintf(text, sizeof text, "%s does not read it: it has another size or form",
                       request->server->name);
        stek_keyfile_add_finding(&report->findings, "no-layout", text);
    }
    for (size_t i = 0; i < report->fits_count; i++) {
        const struct stek_keyfile_fit *fit = &report->fits[i];
        if (fit->layout->form == STEK_KEYFILE_BASE64 && fit->count < fit->layout->keys_min) {
            (void)snprintf(text, sizeof text, "HAProxy wants at least %d keys, it has %zu",
                           fit->layout->keys_min, fit->count);
            stek_keyfile_add_finding(&report->findings, "few-keys", text);
        }
    }
}

static void judge_ticket(const struct request *request, struct stek_keyfile_report *report)
{
    const struct stek_keyfile_fit *opens = NULL;
    bool named = false, by_server = false;

    for (size_t i = 0; i < report->fits_count; i++) {
        const struct stek_keyfile_fit *fit = &report->fits[i];
        named = named || fit->match != STEK_KEYFILE_NO_NAME;
        if (fit->match != STEK_KEYFILE_OPENS)
            continue;
        opens = opens != NULL ? opens : fit;
        by_server = by_server || request->server == NULL || fit->layout == request->server;
    }
    if (opens == NULL)
        stek_keyfile_add_finding(
            &report->findings, "ticket-refused",
            named ? "a key has the ticket's name, but opens it in no order: it is another key"
                  : "no key has the ticket's name");
    else if (!by_server) {
        char text[STEK_KEYFILE_TEXT_MAX];
        (void)snprintf(text, sizeof text,
                       "wrong order for %s: the ticket opens as %s would read the file",
                       request->server->name, opens->layout->name);
        stek_keyfile_add_finding(&report->findings, "wrong-order", text);
    }
}

/* Fills the report. False: no memory. */
static bool lint_bytes(const struct request *request, const struct stek_keyfile_input *input,
                       struct stek_keyfile_report *report)
{
    bool ok = true;

    report->len = input->bytes.len;
    for (const struct stek_keyfile_layout *at = stek_keyfile_layouts(); at->name != NULL; at++)
        ok = ok && try_layout(request, at, &input->bytes, report);
    judge_fit(request, &input->bytes, report);
    if (request->with_ticket && report->fits_count > 0)
        judge_ticket(request, report);
    stek_keyfile_input_judge(input, request->now, request->max_age, &report->findings);
    return ok;
}

static bool lint_file(const struct request *request, const char *path,
                      struct stek_keyfile_report *report)
{
    static struct stek_keyfile_input input;
    bool ok = true;

    memset(report, 0, sizeof *report);
    report->path = path;
    report->ticket_tried = request->with_ticket;
    const char *problem = stek_keyfile_input_read(path, &input);
    report->unreadable = problem != NULL;
    if (report->unreadable)
        stek_keyfile_add_finding(&report->findings, "unreadable", problem);
    else
        ok = lint_bytes(request, &input, report);
    stek_keyfile_input_wipe(&input);
    return ok;
}

static int lint_all(const struct request *request, char **paths, json_t *files)
{
    static struct stek_keyfile_report report;
    int code = STEK_EXIT_FINE;

    for (; *paths != NULL; paths++) {
        if (!lint_file(request, *paths, &report)) {
            (void)fprintf(stderr, "stek keyfile lint: out of memory\n");
            return STEK_EXIT_FAILED;
        }
        if (report.findings.count > 0)
            code = STEK_EXIT_FAILED;
        if (files != NULL)
            (void)json_array_append_new(files, stek_keyfile_report_json(&report));
        else
            stek_keyfile_report_print(&report);
    }
    return code;
}

static bool read_ticket(const char *path, struct request *request)
{
    static struct stek_keyfile_input input;
    const char *problem = stek_keyfile_input_read(path, &input);

    if (problem == NULL)
        problem = stek_ticket_from_file(input.bytes.at, input.bytes.len, request->ticket,
                                        &request->ticket_len);
    if (problem != NULL)
        (void)fprintf(stderr, "stek keyfile lint: %s: %s\n", path, problem);
    stek_keyfile_input_wipe(&input); /* a session holds a secret, too */
    request->with_ticket = problem == NULL;
    return problem == NULL;
}

/* Returns an exit code. */
static int take_options(const char *server, const char *ticket, const char *max_age,
                        struct request *request)
{
    request->now = (int64_t)time(NULL);
    request->max_age = MAX_AGE_DEFAULT;
    if (server != NULL)
        request->server = stek_keyfile_layout_option("lint", "server", server);
    if (server != NULL && request->server == NULL)
        return STEK_EXIT_USAGE;
    if (max_age != NULL && !stek_duration_parse(max_age, &request->max_age)) {
        (void)fprintf(stderr,
                      "stek keyfile lint: --max-age '%s' is not a time: write 90s, 15m, 1h or 7d\n",
                      max_age);
        return STEK_EXIT_USAGE;
    }
    return ticket == NULL || read_ticket(ticket, request) ? STEK_EXIT_FINE : STEK_EXIT_FAILED;
}

int stek_keyfile_lint(int argc, char **argv)
{
    static struct request request;
    const char *server = NULL, *ticket = NULL, *max_age = NULL;
    const struct stek_argument arguments[] = {{"server", 0, NULL, &server},
                                              {"ticket", 0, NULL, &ticket},
                                              {"max-age", 0, NULL, &max_age},
                                              {"json", 0, &request.json, NULL},
                                              {.name = NULL}};
    int code;

    if (!stek_arguments_read("keyfile lint", argc, argv, arguments, stek_keyfile_print_help, &code))
        return code;
    if (optind == argc) {
        (void)fprintf(stderr, "stek keyfile lint: give a FILE; - is standard input\n");
        return STEK_EXIT_USAGE;
    }
    code = take_options(server, ticket, max_age, &request);
    if (code != STEK_EXIT_FINE)
        return code;
    json_t *files = request.json ? json_array() : NULL;
    code = lint_all(&request, argv + optind, files);
    if (files != NULL) {
        (void)json_dumpf(files, stdout, JSON_INDENT(2));
        (void)puts("");
        json_decref(files);
    }
    return code;
}
