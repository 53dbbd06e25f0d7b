/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that collects the keys of a ring while they live, so that it can look for them in other
 * processes when they have retired, and those other processes need not remember them.
 */
#ifndef TESTS_UNIT_RING_COLLECTOR_H
#define TESTS_UNIT_RING_COLLECTOR_H

#include "ring_server.h"

/* What was found: how often, in how many bytes, and what and where, one a line. Lines hold no keys.
 */
enum { COLLECTOR_LINE_LEN = 200, COLLECTOR_LINES_MAX = 40 };

struct collector_report {
    size_t keys;
    size_t bytes;
    size_t finds;
    bool secrets; /* whether any of this kind was found */
    bool masks;
    bool ticket_keys;
    char line[COLLECTOR_LINES_MAX][COLLECTOR_LINE_LEN];
};

struct collector;

/* Started before the ring's first keys are made, it has none in its memory that it did not collect.
 */
struct collector *collector_start(const struct sites *sites);
void collector_end(struct collector *collector);

/* Takes down all records of the ring, and what can be derived of them. */
void collector_collect(struct collector *collector);

enum collector_what {
    COLLECTOR_RETIRED = 'r', /* all that is not in the ring any more */
    COLLECTOR_COVERED = 'm', /* ticket keys of that, as cells keep them, covered with masks */
    COLLECTOR_LIVE = 'l',    /* all that is */
    COLLECTOR_PLANTED = 'p'  /* what SERVER_PLANT planted */
};

/* Looks for them in a process, or in a file. The report is borrowed until the next look. */
const struct collector_report *collector_look_at_process(struct collector *collector,
                                                         enum collector_what what, pid_t pid);
const struct collector_report *collector_look_at_file(struct collector *collector,
                                                      enum collector_what what, const char *path);

#endif
