/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that `stek audit` reads. What fails is said on standard error. */
#ifndef STEK_CLI_AUDIT_RECORDING_H
#define STEK_CLI_AUDIT_RECORDING_H

#include "audit/finding.h"
#include "audit/observation.h"
#include "cli/audit/audit.h"

#include <stdio.h>

enum { AUDIT_PROBLEM_LEN = 256 };

/* Reads a recording into an empty observation and closes the stream: no buffer keeps secrets of it.
 * Results: as stek_audit_record_read(). */
enum stek_result audit_read_stream(FILE *in, struct stek_audit_observation *obs, long *ret_good_len,
                                   char ret_problem[AUDIT_PROBLEM_LEN]);

/* The same for a file, `-` for standard input, that `option` names. Returns an exit code. */
int audit_read_file(const char *option, const char *name, struct stek_audit_observation *obs);

/* The audit that --since names. */
struct audit_earlier {
    struct stek_audit_observation obs;
    struct stek_audit_findings findings;
};

/* Reads and judges it. `obs` is initialised already. Returns an exit code. */
int audit_earlier_read(struct audit_request *request, struct audit_earlier *earlier);
void audit_earlier_fini(struct audit_earlier *earlier);

#endif
