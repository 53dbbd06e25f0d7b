/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a service: what systemd, /proc, its configuration and the ring say. */
#ifndef STEK_CLI_DOCTOR_LOOK_H
#define STEK_CLI_DOCTOR_LOOK_H

#include "cli/unit_files.h"
#include "doctor/facts.h"

/* All of it. False, having said why: systemd does not answer. */
bool stek_doctor_look(const struct stek_unit_files *files, struct stek_doctor_facts *ret_facts);

/*
 * The processes in a control group of systemd and in those below it, with what each has mapped.
 * facts->ring, and `conf`, the file that `stek enable` wrote, are what is looked for.
 */
void stek_doctor_look_processes(const char *group, const char *conf, const char *ring_file,
                                struct stek_doctor_facts *facts);

/* What nginx, Apache or HAProxy was told of tickets; which of them it is, the unit's name says. */
void stek_doctor_look_settings(const char *unit, struct stek_doctor_settings *ret_settings);

/* The ring's file: its policy and counters, and `ret_file`, its path, or "". */
void stek_doctor_look_ring(struct stek_doctor_facts *facts, char *ret_file, size_t size);

#endif
