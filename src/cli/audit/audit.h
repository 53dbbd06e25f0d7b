/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek audit` was asked to do. */
#ifndef STEK_CLI_AUDIT_H
#define STEK_CLI_AUDIT_H

#include "audit/handshake/client.h"
#include "audit/finding.h"
#include "audit/observation.h"

#include <stdbool.h>
#include <stdint.h>

/* What is printed on standard output. */
enum audit_format { AUDIT_TABLE, AUDIT_JSON, AUDIT_SARIF, AUDIT_JUNIT };

struct audit_request {
    struct stek_audit_target targets[STEK_AUDIT_TARGETS_MAX];
    size_t targets_len;
    struct stek_audit_client_settings client;
    struct stek_audit_plan plan;
    const char *record; /* the file to write observations into; NULL: none */
    const char *from;   /* the file to read them from instead of connecting; NULL: none */
    const char *since;  /* the file of the recording to compare with; NULL: none */
    const char *html;
    bool profile; /* RFC 9325, rule by rule */
    enum audit_format format;
    bool help;
    enum stek_audit_severity fail_on;
};

/* Reads the command line. Returns false after saying on standard error what is wrong. */
bool audit_options_read(int argc, char **argv, struct audit_request *ret_request);

void audit_print_help(void);

/* Says on standard error "stek audit: PROBLEM", and returns STEK_EXIT_FAILED. */
int audit_refuse(const char *problem);

/* Says on standard error "stek audit: WHAT NAME: WHY", and returns STEK_EXIT_FAILED. */
int audit_fail(const char *what, const char *name, const char *why);

/* Ctrl-C: _catch() before the parts that may be ended early, _release() after them, when it ends
 * the program again. A second one ends the program at any time. */
void audit_stop_catch(void);
void audit_stop_release(void);
bool audit_stop_asked(void *unused);

/* The time that the known keys get, for so many tickets: a few tenths of a second once a stop was
 * asked for. */
void audit_limit_begin(size_t tickets);
int64_t audit_limit_s(size_t tickets);
bool audit_limit_passed(void *unused);

/* The line on a terminal that says how far things are; nothing elsewhere. */
void audit_progress_connections(uint32_t done, uint32_t planned, int64_t left_s);
void audit_progress_watch(int64_t done_s, int64_t all_s, size_t connections);
void audit_progress_tickets(void *unused, size_t done, size_t all);
void audit_progress_clear(void);

/* 90 as `1 min 30 s`; at most 32 bytes with the end. */
const char *audit_span(int64_t seconds, char text[32]);

#endif
