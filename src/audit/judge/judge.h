/* SPDX-License-Identifier: Apache-2.0 */
/* From what was seen to what it means. Pure: no network, no clock, no files; the same observation
 * gives the same findings. */
#ifndef STEK_AUDIT_JUDGE_H
#define STEK_AUDIT_JUDGE_H

#include "stek.h"

#include "audit/finding.h"
#include "audit/observation.h"

#include <stdbool.h>
#include <stddef.h>

/* The dictionary may take seconds: how to follow it. All fields may be NULL. */
struct stek_audit_judge_hooks {
    void (*progress)(void *arg, size_t tickets_done, size_t tickets_all);
    bool (*stop)(
        void *arg); /* asked now and then; true: leave the rest of the dictionary, and say so */
    void *arg;
};

/*
 * Judges an observation. The caller owns what is in *ret_findings and frees it with
 * stek_audit_findings_fini(). NULL hooks are fine. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO.
 * Thread-safe.
 */
STEK_MUST_USE enum stek_result stek_audit_judge(const struct stek_audit_observation *obs,
                                                const struct stek_audit_judge_hooks *hooks,
                                                struct stek_audit_findings *ret_findings);

enum { STEK_AUDIT_KEY_NAME_LEN_MAX = 32 };

/* One key name of a target, and when it was on fresh tickets. */
struct stek_audit_key_name {
    uint8_t name[STEK_AUDIT_KEY_NAME_LEN_MAX];
    uint8_t name_len; /* the same for all names of a target */
    uint32_t target;
    uint16_t version;    /* 0: seen in both */
    int64_t first, last; /* Unix seconds: `received` of the first and last ticket that has it */
    uint32_t tickets;
};

struct stek_audit_key_names {
    uint8_t name_len;                  /* the longest found; 0: no tickets have any */
    struct stek_audit_key_name *items; /* by target, then by `first` */
    size_t len;
};

/* Finds how long key names are and which were seen when, from the tickets alone. The caller frees
 * ret_names->items with free(). Errors: STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_find_key_names(const struct stek_audit_observation *obs,
                                                         struct stek_audit_key_names *ret_names);

/* Which target accepts whose tickets: one cell for each ordered pair of targets. */
enum stek_audit_cell_verdict {
    STEK_AUDIT_CELL_NOT_TRIED,
    STEK_AUDIT_CELL_REFUSED,  /* full handshake, or an alert */
    STEK_AUDIT_CELL_ORDINARY, /* resumed, and the control arm shows that the target would have
                               * served this name anyway
                               */
    STEK_AUDIT_CELL_FLAW      /* resumed, and the control arm shows that it would not */
};

struct stek_audit_cell {
    uint32_t from, to; /* targets: whose tickets, offered where; equal on the diagonal */
    uint32_t tried, resumed;
    enum stek_audit_cell_verdict verdict;
    bool same_key_name; /* both targets' tickets have shown the same key name */
};

/* targets_len² cells, row by row (`from`). The caller frees *ret_cells with free(). Errors:
 * STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_find_matrix(const struct stek_audit_observation *obs,
                                                      struct stek_audit_cell **ret_cells);

#endif
