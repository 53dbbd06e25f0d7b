/* SPDX-License-Identifier: Apache-2.0 */
/* stek report */
#include "cli/arguments.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/report/print.h"
#include "cli/screen.h"
#include "cli/when.h"

#include "clock/clock.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char standard_since[] = "90d";

static void print_help(void)
{
    (void)puts("Usage: stek report [--ring RING] [--since TIME] [--json]\n"
               "Shows from stekd's history whether keys rotated as their policy says, where the\n"
               "gaps are, and who ordered what.\n\n"
               "  --ring RING    this ring only\n"
               "  --since TIME   the period until now: 90d (ago; the default),\n"
               "                 '2026-11-24 20:10' (local), 2026-11-24T20:10:00Z, @UNIX\n"
               "  --json         print JSON: docs/formats.md, \"Report\"\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "For root and the group stek-admin. Exit codes: 0 all rings as their policy says,\n"
               "1 failed, or there is no history, 2 usage, 3 a ring was not as its policy says,\n"
               "4 stekd not reachable.\n\n"
               "Example:\n"
               "  stek report --ring web --since 30d");
}

/* What all rings come to. */
static int judge(const json_t *report)
{
    const json_t *rings = json_object_get(report, "rings");

    for (size_t i = 0; i < json_array_size(rings); i++)
        if (!json_is_true(json_object_get(json_array_get(rings, i), "as_policy")))
            return STEK_EXIT_DEGRADED;
    return STEK_EXIT_FINE;
}

/* Broken for the screen. */
static int show_text(const json_t *report)
{
    struct stek_screen screen;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        (void)fputs("stek report: no memory\n", stderr);
        return STEK_EXIT_FAILED;
    }
    stek_report_print(out, report);
    const bool written = fclose(out) == 0;
    stek_screen_find(&screen);
    if (written)
        stek_screen_show(&screen, text, false);
    free(text);
    return written ? judge(report) : STEK_EXIT_FAILED;
}

static int show(const json_t *report, bool json)
{
    if (!json)
        return show_text(report);
    (void)json_dumpf(report, stdout, JSON_INDENT(2));
    (void)puts("");
    return judge(report);
}

static bool check(int argc, char **argv, const char *ring, const char *since, int64_t *ret_since)
{
    if (optind < argc)
        (void)fprintf(stderr, "stek report: '%s' is not an option: try 'stek report --help'\n",
                      argv[optind]);
    else if (!stek_when_parse(since, stek_clock_unix_ms() / 1000, ret_since))
        (void)fprintf(stderr, "stek report: --since %s: allowed: %s\n", since, STEK_WHEN_ALLOWED);
    else
        return ring == NULL || stek_arguments_ring("report", ring);
    return false;
}

int stek_command_report(int argc, char **argv)
{
    const char *ring = NULL;
    const char *since = standard_since;
    bool json = false;
    const struct stek_argument arguments[] = {{"ring", 0, NULL, &ring},
                                              {"since", 0, NULL, &since},
                                              {"json", 'j', &json, NULL},
                                              {.name = NULL}};
    json_t *answer = NULL;
    int64_t since_at = 0;
    int code;

    if (!stek_arguments_read("report", argc, argv, arguments, print_help, &code))
        return code;
    if (!check(argc, argv, ring, since, &since_at))
        return STEK_EXIT_USAGE;
    json_t *request = json_pack("{s:s, s:I}", "command", "report", "since", (json_int_t)since_at);
    if (ring != NULL)
        (void)json_object_set_new(request, "ring", json_string(ring));
    code = stek_client_command("report", request, &answer);
    if (code == STEK_EXIT_FINE)
        code = show(json_object_get(answer, "report"), json);
    json_decref(answer);
    return code;
}
