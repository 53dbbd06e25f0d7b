/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the audit: pacing, tickets to offer, and the groups of probes in this folder. */
#ifndef STEK_AUDIT_PROBE_H
#define STEK_AUDIT_PROBE_H

#include "audit/observe/observe.h"

enum {
    STEK_AUDIT_RESUME_TRIES = 10,
    STEK_AUDIT_REUSE_TRIES = 3,
    STEK_AUDIT_PSK_ONLY_TRIES = 2,
    STEK_AUDIT_UNKNOWN_TRIES = 3,
    STEK_AUDIT_FLIPS_MAX = 48,
    STEK_AUDIT_PAIR_TRIES = 2,
    STEK_AUDIT_NO_TICKET_TRIES = 3,
    STEK_AUDIT_EACH_MS = 1000, /* of a target's time for each of its connections, on average */
    STEK_AUDIT_WAIT_S = 10     /* the longest that one connection takes */
};

/* What one target has cost so far. */
struct stek_audit_spent {
    int64_t ms;
    uint32_t connections, lost; /* lost: how many in a row brought nothing in time */
};

struct stek_audit_run {
    struct stek_audit_client *client;
    struct stek_audit_observation *obs;
    struct stek_audit_observe_hooks hooks;
    int64_t next_ms; /* no connection before this time of the monotonic clock */
    int64_t idle_s;  /* waiting that is still to come, for the time left */
    int64_t busy_ms; /* what the connections so far took */
    uint32_t done, planned;
    struct stek_audit_spent spent[STEK_AUDIT_TARGETS_MAX];
    int64_t budget_ms;       /* of each target; 0: no limit (a watch, which has pauses) */
    enum stek_result result; /* the first error: nothing is done after it */
};

void stek_audit_run_init(struct stek_audit_run *run, struct stek_audit_client *client,
                         struct stek_audit_observation *obs,
                         const struct stek_audit_observe_hooks *hooks);

/* Whether nothing more is to be done: stopped, or failed. */
bool stek_audit_run_over(const struct stek_audit_run *run);

/* Notes what a connection cost, and gives its target up once that is too much: in
 * target->gave_up. */
void stek_audit_spend(struct stek_audit_run *run, uint32_t target, uint32_t handshake, int64_t ms);

/* Waits its turn, makes the handshake, returns its index. STEK_AUDIT_NONE: the run is over, or the
 * target was given up. */
uint32_t stek_audit_probe(struct stek_audit_run *run, const struct stek_audit_ask *ask);

/* What most probes ask: a ticket of a target, as it came, at its own target. */
struct stek_audit_ask stek_audit_ask_ticket(const struct stek_audit_run *run,
                                            enum stek_audit_purpose purpose, uint32_t ticket);

/* A full handshake with a target. */
struct stek_audit_ask stek_audit_ask_full(enum stek_audit_purpose purpose, uint32_t target,
                                          uint16_t version);

/* The newest ticket of this target and version that was not offered yet; if there is none, gets
 * one. NONE: it gives none. */
uint32_t stek_audit_take_ticket(struct stek_audit_run *run, uint32_t target, uint16_t version);

/* Whether this ticket was offered in any handshake but those that change it. */
bool stek_audit_is_used(const struct stek_audit_observation *obs, uint32_t ticket);

/* Whether tickets of this version came from this target. */
bool stek_audit_gives_tickets(const struct stek_audit_observation *obs, uint32_t target,
                              uint16_t version);

/* The groups of probes. */
void stek_audit_probe_offers(struct stek_audit_run *run);
void stek_audit_probe_resumption(struct stek_audit_run *run, uint32_t target, uint16_t version);
void stek_audit_probe_tampering(struct stek_audit_run *run, uint32_t target, uint16_t version);
void stek_audit_probe_early(struct stek_audit_run *run, uint32_t target);
void stek_audit_probe_pairs(struct stek_audit_run *run, uint16_t version);

#endif
