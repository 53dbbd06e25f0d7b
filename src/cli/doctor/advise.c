/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/advise.h"

#include "cli/doctor/look.h"
#include "doctor/judge.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool systemd_runs(void)
{
    return access("/run/systemd/system", F_OK) == 0;
}

bool stek_doctor_allows(const struct stek_unit_files *files)
{
    static struct stek_doctor_facts facts;

    if (!systemd_runs() || !stek_doctor_look(files, &facts))
        return true;
    if (!facts.dummy && strncmp(facts.unit, "postgresql", 10) != 0)
        return true;
    if (!facts.dummy)
        (void)fprintf(
            stderr,
            "stek enable: PostgreSQL gives no session tickets, so stek can do nothing for "
            "%s\n",
            files->unit);
    else if (facts.real[0] != '\0')
        (void)fprintf(stderr, "stek enable: %s runs no server; %s does: give that one\n",
                      files->unit, facts.real);
    else
        (void)fprintf(stderr,
                      "stek enable: %s runs no server: start it, then 'systemctl list-units' names "
                      "the unit that does\n",
                      files->unit);
    return false;
}

void stek_doctor_advise(const struct stek_unit_files *files)
{
    static struct stek_doctor_facts facts;
    struct stek_doctor_report report;

    if (!systemd_runs() || !stek_doctor_look(files, &facts))
        return;
    stek_doctor_judge(&facts, &report);
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.at[i].code, "tickets-off") == 0 ||
            strcmp(report.at[i].code, "no-context") == 0 ||
            strcmp(report.at[i].code, "gnutls") == 0 ||
            strcmp(report.at[i].code, "other-conf") == 0 ||
            strcmp(report.at[i].code, "apparmor") == 0 ||
            strcmp(report.at[i].code, "call-filter") == 0 ||
            strcmp(report.at[i].code, "short-timeout") == 0)
            (void)printf("%s: %s\n", report.at[i].level == STEK_DOCTOR_FAULT ? "Fault" : "Note",
                         report.at[i].text);
}
