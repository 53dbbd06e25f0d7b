/* SPDX-License-Identifier: Apache-2.0 */
/* The rings that stekd keeps: opened as configured, updated when something is due. */
#ifndef STEK_DAEMON_RINGS_H
#define STEK_DAEMON_RINGS_H

#include "core/clockcheck.h"
#include "daemon/kept.h"
#include "status/status.h"

struct stek_rings {
    int dir_fd;
    bool allow_disk;
    struct stek_clockcheck clock; /* looked at before each update */
    struct stek_kept *at;         /* in the order of the configuration */
    size_t count;
    size_t counting; /* whose counters are next: counting.h */
    unsigned steps;  /* of reading counters that are left for the answer that is being made */
};

void stek_rings_init(struct stek_rings *rings, int dir_fd, bool allow_disk);

/* Closes all; the ring files stay. */
void stek_rings_fini(struct stek_rings *rings);

/*
 * Makes the rings those of the configuration: new ones appear, policies and groups change, others
 * go with their files. New ones first: when one cannot be kept, nothing has changed, false is
 * returned, and one line says which and why.
 */
bool stek_rings_apply(struct stek_rings *rings, const struct stek_config *config, int64_t now,
                      struct stek_config_problem *ret_problem);

/* Does in each ring what is due. Returns when to come again, later than `now`; INT64_MAX: never. */
int64_t stek_rings_update(struct stek_rings *rings, int64_t now);

/* The ring of that name, or NULL. */
struct stek_kept *stek_rings_find(struct stek_rings *rings, const char *name);

#endif
