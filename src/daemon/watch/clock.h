/* SPDX-License-Identifier: Apache-2.0 */
/* Watches the calendar clock, and tells when it is not to be believed: core/clockcheck.h. */
#ifndef STEK_DAEMON_WATCH_CLOCK_H
#define STEK_DAEMON_WATCH_CLOCK_H

#include "daemon/rings.h"

enum { STEK_CLOCK_TEXT_LEN = 200 };

/* Before rings are opened: compares the clock with what ring files in the run directory say. */
void stek_clock_begin(struct stek_rings *rings, int64_t now);

/* At each turn, before the update. Returns when to look again; INT64_MAX: nothing is waited for. */
int64_t stek_clock_look(struct stek_rings *rings, int64_t now);

/* One line on what is wrong with the clock, for the status. False: nothing. */
bool stek_clock_problem(const struct stek_rings *rings, char ret_text[STEK_CLOCK_TEXT_LEN]);

#endif
