/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observations as JSON lines: one object a line, in the order in which things were seen, so that a
 * file that was cut off anywhere is still good up to its last whole line. docs/formats.md has the
 * fields. Such a file may come from anyone: every field is checked. It holds the secrets of the
 * audit's own sessions.
 */
#ifndef STEK_AUDIT_RECORD_H
#define STEK_AUDIT_RECORD_H

#include "stek.h"

#include "audit/observation.h"

#include <stdio.h>

/* How much of an observation is written: zeros, or stek_audit_record_mark() after _read(). */
struct stek_audit_record_mark {
    bool begun;
    size_t targets, handshakes, tickets;
};

struct stek_audit_record_mark stek_audit_record_mark(const struct stek_audit_observation *obs);

/* From now on libjansson wipes what it frees: lines hold secrets. For the whole process, so a
 * program calls it, once, at its start. */
void stek_audit_record_wipes(void);

/* Appends what is new since `mark`, flushes, and moves `mark`. A target is written before its first
 * handshake, when its address is known; one without any is left out. Lines go out whole: a stream
 * without a buffer of its own keeps no copy of their secrets. Errors: STEK_ERR_SYSTEM (errno),
 * STEK_ERR_MEMORY. */
STEK_MUST_USE enum stek_result stek_audit_record_append(FILE *out,
                                                        const struct stek_audit_observation *obs,
                                                        struct stek_audit_record_mark *mark);

/* Appends which targets were given up, and how the audit ended. Errors: as above. */
STEK_MUST_USE enum stek_result stek_audit_record_end(FILE *out,
                                                     const struct stek_audit_observation *obs);

/*
 * Reads a file into an empty observation; what the stream's own buffer holds then is the caller's
 * to wipe. A last line without its end is left out; *ret_good_len is the length up to there.
 * Errors: STEK_ERR_FORMAT, with the line and what is wrong in `ret_problem`; STEK_ERR_SYSTEM
 * (reading failed); STEK_ERR_MEMORY. The observation then holds what came before.
 */
STEK_MUST_USE enum stek_result stek_audit_record_read(FILE *in, struct stek_audit_observation *obs,
                                                      long *ret_good_len, char *ret_problem,
                                                      size_t problem_len);

#endif
