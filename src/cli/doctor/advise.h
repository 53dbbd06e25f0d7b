/* SPDX-License-Identifier: Apache-2.0 */
/* The part of `stek doctor` that `stek enable` needs. */
#ifndef STEK_CLI_DOCTOR_ADVISE_H
#define STEK_CLI_DOCTOR_ADVISE_H

#include "cli/unit_files.h"

/* Whether the unit runs a server at all; if not, says which does. True where systemd does not run.
 */
bool stek_doctor_allows(const struct stek_unit_files *files);

/* Prints what in the server's own configuration keeps tickets from working. */
void stek_doctor_advise(const struct stek_unit_files *files);

#endif
