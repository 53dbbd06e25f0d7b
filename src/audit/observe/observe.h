/* SPDX-License-Identifier: Apache-2.0 */
/* The order of an audit: which handshakes are made with which targets, how fast, and what is done
 * during a long watch.
 */
#ifndef STEK_AUDIT_OBSERVE_H
#define STEK_AUDIT_OBSERVE_H

#include "stek.h"

#include "audit/handshake/shake.h"
#include "audit/observation.h"

#include <stdint.h>

/* All may be NULL. */
struct stek_audit_observe_hooks {
    bool (*stop)(void *arg); /* true ends the audit at once; what was seen stays */
    void (*seen)(void *arg); /* after each handshake that was appended */
    void (*progress)(void *arg, uint32_t done, uint32_t planned, int64_t left_s);
    void *arg;
};

/* How many connections an audit of so many targets makes at most, the watch apart. */
uint32_t stek_audit_planned(const struct stek_audit_plan *plan, size_t targets_len);

/* How many seconds such an audit takes at most, whatever the targets do: each connection may take a
 * second on average, and each target lets one connection wait for nothing. */
int64_t stek_audit_time_limit(const struct stek_audit_plan *plan, size_t targets_len);

/* How many connections one round of the watch makes at most. */
uint32_t stek_audit_planned_round(size_t targets_len);

/*
 * Audits obs->targets as obs->plan says and appends what it sees; tickets that are there count.
 * Stopped early, obs->interrupted is set and the result is STEK_OK. Errors: those of
 * stek_audit_shake(); what was seen before stays. Not thread-safe.
 */
STEK_MUST_USE enum stek_result stek_audit_observe(struct stek_audit_client *client,
                                                  struct stek_audit_observation *obs,
                                                  const struct stek_audit_observe_hooks *hooks);

/*
 * Goes on to watch until plan.watch_s after obs->started: every plan.sample_s a fresh ticket, an
 * old one, and the next link of a chain, for each target and version that gives tickets. All that
 * it needs to know is in `obs`, so a watch that was cut off is taken up with what was recorded.
 * Otherwise as stek_audit_observe().
 */
STEK_MUST_USE enum stek_result stek_audit_watch(struct stek_audit_client *client,
                                                struct stek_audit_observation *obs,
                                                const struct stek_audit_observe_hooks *hooks);

#endif
