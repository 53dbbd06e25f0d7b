/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/look.h"

#include "cli/systemctl.h"
#include "cli/unit_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_LEN = 16384, FILTER_LEN = 32768 };

/* Of a unit that starts nothing, such as postfix.service: the first running instance of its
 * template. */
static void find_real(struct stek_doctor_facts *facts)
{
    static char program[] = "systemctl";
    static char list[] = "list-units";
    static char plain[] = "--plain";
    static char legend[] = "--no-legend";
    char pattern[STEK_UNIT_NAME_MAX + 16];
    char answer[ANSWER_LEN];
    char *const arguments[] = {program, list, plain, legend, pattern, NULL};

    (void)snprintf(pattern, sizeof pattern, "%.*s@*.service",
                   (int)(strlen(facts->unit) - strlen(".service")), facts->unit);
    if (stek_systemctl(arguments, answer, sizeof answer))
        (void)snprintf(facts->real, sizeof facts->real, "%.*s", (int)strcspn(answer, " \n"),
                       answer);
}

/* Which ring the file that `stek enable` wrote names: ring = "NAME". */
static void read_ring_name(const char *conf, struct stek_doctor_facts *facts)
{
    FILE *file = fopen(conf, "re");
    char line[1024];
    char name[STEK_DOCTOR_TEXT];

    facts->enabled = file != NULL;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        facts->context = facts->context || strncmp(line + strspn(line, " \t"), "context", 7) == 0;
        if (sscanf(line, " ring = \"%255[^\"]\"", name) == 1 ||
            sscanf(line, " ring = %255[^\" \n]", name) == 1)
            (void)snprintf(facts->ring, sizeof facts->ring, "%s", name);
    }
    if (file != NULL)
        (void)fclose(file);
    facts->private_ring = strcmp(facts->ring, "private") == 0;
}

/* The value that a unit gives to OPENSSL_CONF, if that is another file than ours. */
static void read_environment(const char *environment, const char *conf,
                             struct stek_doctor_facts *facts)
{
    static const char name[] = "OPENSSL_CONF=";
    const char *at = strstr(environment, name);

    if (at == NULL || !facts->enabled)
        return;
    at += strlen(name);
    (void)snprintf(facts->other_conf, sizeof facts->other_conf, "%.*s", (int)strcspn(at, " \""),
                   at);
    if (strcmp(facts->other_conf, conf) == 0)
        facts->other_conf[0] = '\0';
}

/* Whether there is a service to look at, and in which state it is. */
static void read_state(const char *answer, struct stek_doctor_facts *facts)
{
    char value[4096];

    stek_systemctl_property(answer, "LoadState", value, sizeof value);
    facts->found = strcmp(value, "not-found") != 0;
    facts->masked = strcmp(value, "masked") == 0;
    stek_systemctl_property(answer, "ActiveState", value, sizeof value);
    facts->active = strcmp(value, "active") == 0 || strcmp(value, "reloading") == 0;
    facts->failed = strcmp(value, "failed") == 0;
    stek_systemctl_property(answer, "ExecStart", value, sizeof value);
    facts->dummy =
        strstr(value, "path=/bin/true ") != NULL || strstr(value, "path=/usr/bin/true ") != NULL;
    if (facts->dummy)
        find_real(facts);
}

/* An instance that was not enabled by itself has what its template was enabled with. */
static void take_template(struct stek_unit_files *files)
{
    struct stek_unit_files template;
    char name[STEK_UNIT_NAME_MAX + 16];
    const char *at = strchr(files->unit, '@');

    (void)snprintf(name, sizeof name, "%.*s@", at != NULL ? (int)(at - files->unit) : 0,
                   files->unit);
    if (at != NULL && stek_unit_files_find(name, &template) && access(template.conf, F_OK) == 0)
        memcpy(files->conf, template.conf, sizeof files->conf);
}

/* Filters are long: systemctl names each call of a set. */
static void look_at_filter(struct stek_doctor_facts *facts)
{
    static char answer[FILTER_LEN];
    static char filter[FILTER_LEN];

    if (!stek_systemctl_show(facts->unit, "SystemCallFilter", answer, sizeof answer))
        return;
    stek_systemctl_property(answer, "SystemCallFilter", filter, sizeof filter);
    stek_callfilter_missing(filter, !facts->private_ring, facts->calls);
}

bool stek_doctor_look(const struct stek_unit_files *asked, struct stek_doctor_facts *ret_facts)
{
    struct stek_unit_files own = *asked;
    const struct stek_unit_files *files = &own;
    char answer[ANSWER_LEN];
    char value[4096];
    char ring_file[4096];

    *ret_facts = (struct stek_doctor_facts){.found = false};
    ret_facts->template = stek_unit_is_template(asked->unit);
    if (!ret_facts->template)
        stek_unit_follow_alias(&own);
    if (access(own.conf, F_OK) != 0)
        take_template(&own);
    (void)snprintf(ret_facts->unit, sizeof ret_facts->unit, "%.255s", files->unit);
    if (ret_facts->template)
        return true;
    if (!stek_systemctl_show(files->unit,
                             "LoadState,ActiveState,ControlGroup,ExecStart,Environment", answer,
                             sizeof answer)) {
        (void)fprintf(stderr, "stek doctor: systemd does not answer: stek doctor looks at its "
                              "services only; elsewhere 'stek status' shows who uses a ring\n");
        return false;
    }
    read_state(answer, ret_facts);
    read_ring_name(files->conf, ret_facts);
    stek_systemctl_property(answer, "Environment", value, sizeof value);
    read_environment(value, files->conf, ret_facts);
    look_at_filter(ret_facts);
    stek_doctor_look_ring(ret_facts, ring_file, sizeof ring_file);
    stek_doctor_look_settings(files->unit, &ret_facts->settings);
    stek_systemctl_property(answer, "ControlGroup", value, sizeof value);
    if (ret_facts->active && value[0] != '\0')
        stek_doctor_look_processes(value, files->conf, ring_file, ret_facts);
    return true;
}
