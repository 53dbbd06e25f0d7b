/* SPDX-License-Identifier: Apache-2.0 */
/* A report of stekd's as text. */
#ifndef STEK_CLI_REPORT_PRINT_H
#define STEK_CLI_REPORT_PRINT_H

#include <jansson.h>

#include <stdio.h>

/* Writes the report of docs/formats.md, "Report". */
void stek_report_print(FILE *out, const json_t *report);

#endif
