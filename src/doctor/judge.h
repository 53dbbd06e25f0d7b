/* SPDX-License-Identifier: Apache-2.0 */
/* From what was seen of a service to findings, each one line with what to type. Pure. */
#ifndef STEK_DOCTOR_JUDGE_H
#define STEK_DOCTOR_JUDGE_H

#include "doctor/facts.h"

enum stek_doctor_level {
    STEK_DOCTOR_FINE, /* as it should be */
    STEK_DOCTOR_NOTE, /* good to know */
    STEK_DOCTOR_FAULT /* tickets do not do what they should */
};

struct stek_doctor_finding {
    enum stek_doctor_level level;
    const char *code; /* for programs: "tickets-off"; static */
    char text[512];
};

enum { STEK_DOCTOR_FINDINGS = 32 };

struct stek_doctor_report {
    size_t count;
    struct stek_doctor_finding at[STEK_DOCTOR_FINDINGS];
};

/* Judges the facts; what matters most comes first. Thread-safe. */
void stek_doctor_judge(const struct stek_doctor_facts *facts,
                       struct stek_doctor_report *ret_report);

/* The worst level in it. */
enum stek_doctor_level stek_doctor_worst(const struct stek_doctor_report *report);

/* "fine", "note", "fault". */
const char *stek_doctor_level_name(enum stek_doctor_level level);

#endif
