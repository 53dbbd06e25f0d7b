/* SPDX-License-Identifier: Apache-2.0 */
/* stek doctor: looks at a service, and says what keeps its tickets from working. */
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/doctor/look.h"

#include "doctor/judge.h"

#include <dirent.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(void)
{
    (void)puts("Usage: stek doctor [UNIT]... [--json]\n"
               "Looks at systemd services that 'stek enable' was run for, or at those that are\n"
               "named: their processes, their ring, and what their configuration says of tickets.\n"
               "Says in one line each what is wrong and what to type. Run it as root.\n\n"
               "  --json  print JSON: docs/formats.md, \"Doctor\"\n"
               "  --help  show this help\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage, 3 something is wrong.\n\n"
               "Example:\n"
               "  stek doctor nginx");
}

/* Everything that is said, and how bad it is. */
struct visit {
    bool json;
    json_t *units;
    enum stek_doctor_level worst;
};

static json_t *report_json(const char *unit, const struct stek_doctor_report *report)
{
    json_t *findings = json_array();

    for (size_t i = 0; i < report->count; i++)
        (void)json_array_append_new(findings,
                                    json_pack("{s:s, s:s, s:s}", "level",
                                              stek_doctor_level_name(report->at[i].level), "code",
                                              report->at[i].code, "text", report->at[i].text));
    return json_pack("{s:s, s:o}", "unit", unit, "findings", findings);
}

static void print_report(const char *unit, const struct stek_doctor_report *report)
{
    (void)printf("%s\n", unit);
    for (size_t i = 0; i < report->count; i++)
        (void)printf("  %-5s  %s\n", stek_doctor_level_name(report->at[i].level),
                     report->at[i].text);
}

static bool look_at_unit(const char *name, struct visit *visit)
{
    static struct stek_doctor_facts facts;
    struct stek_doctor_report report;
    struct stek_unit_files files;

    if (!stek_unit_files_find(name, &files)) {
        (void)fprintf(stderr, "stek doctor: '%s' %s\n", name, stek_unit_name_problem(name));
        return false;
    }
    if (!stek_doctor_look(&files, &facts))
        return false;
    stek_doctor_judge(&facts, &report);
    if (visit->json)
        (void)json_array_append_new(visit->units, report_json(facts.unit, &report));
    else
        print_report(facts.unit, &report);
    const enum stek_doctor_level level = stek_doctor_worst(&report);
    visit->worst = level > visit->worst ? level : visit->worst;
    return true;
}

/* The units that have a file of `stek enable`: UNIT.cnf. */
static int is_conf(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);

    return len > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 4, ".cnf") == 0;
}

static bool look_at_enabled(struct visit *visit)
{
    struct dirent **entries = NULL;
    const int count = scandir("/etc/stek/openssl", &entries, is_conf, alphasort);
    bool fine = count > 0;

    if (!fine)
        (void)fprintf(stderr, "stek doctor: 'stek enable' was run for no unit: give one, such as "
                              "stek doctor nginx\n");
    for (int i = 0; i < count; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
        fine = look_at_unit(entries[i]->d_name, visit) && fine;
        free(entries[i]);
    }
    free(entries);
    return fine;
}

int stek_command_doctor(int argc, char **argv)
{
    struct visit visit = {.worst = STEK_DOCTOR_FINE};
    const struct stek_argument arguments[] = {{"json", 'j', &visit.json, NULL}, {.name = NULL}};
    bool fine = true;
    int code;

    if (!stek_arguments_read("doctor", argc, argv, arguments, print_help, &code))
        return code;
    visit.units = json_array();
    if (optind == argc)
        fine = look_at_enabled(&visit);
    for (int i = optind; i < argc; i++)
        fine = look_at_unit(argv[i], &visit) && fine;
    if (visit.json && fine) {
        json_t *all = json_pack("{s:O}", "units", visit.units);
        (void)json_dumpf(all, stdout, JSON_INDENT(2));
        (void)puts("");
        json_decref(all);
    }
    json_decref(visit.units);
    if (!fine)
        return STEK_EXIT_FAILED;
    return visit.worst == STEK_DOCTOR_FAULT ? STEK_EXIT_DEGRADED : STEK_EXIT_FINE;
}
