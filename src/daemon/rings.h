/* SPDX-License-Identifier: Apache-2.0 */
/* The rings that stekd keeps: opened as configured, updated when something is due. */
#ifndef STEK_DAEMON_RINGS_H
#define STEK_DAEMON_RINGS_H

#include "core/clockcheck.h"
#include "daemon/kept.h"
#include "status/status.h"

/* A ring that went from the configuration, and whose files could not be removed yet. */
struct stek_gone {
    char ring[STEK_RING_NAME_MAX + 1];
};

struct stek_rings {
    int dir_fd;
    bool allow_disk;
    struct stek_clockcheck clock; /* looked at before each update */
    struct stek_kept *at;         /* in the order of the configuration */
    size_t count;
    size_t counting; /* whose counters are next: counting.h */
    struct stek_gone *gone;
    size_t gone_count;
    bool fleet_due;                /* a ring of the fleet is kept that the fleet does not know */
    struct stekd_history *history; /* NULL: none. Borrowed */
    unsigned steps; /* of reading counters that are left for the answer that is being made */
};

void stek_rings_init(struct stek_rings *rings, int dir_fd, bool allow_disk);

/* Closes all; the ring files stay. */
void stek_rings_fini(struct stek_rings *rings);

/*
 * Opens the rings of the configuration, each by itself: one that cannot be kept is logged, and
 * tried again by stek_rings_update(). Returns false when there is no memory. next.h has how the
 * rings of another configuration take their place.
 */
bool stek_rings_start(struct stek_rings *rings, const struct stek_config *config, int64_t now);

/* Destroys a ring that went from the configuration, and its files. There must be room in
 * `rings->gone`. What cannot be removed is logged, and tried again. */
void stek_rings_remove(struct stek_rings *rings, struct stek_kept *kept);

/* How many of them are kept. */
size_t stek_rings_kept(const struct stek_rings *rings);

/* Does in each ring what is due. Returns when to come again, later than `now`; INT64_MAX: never. */
int64_t stek_rings_update(struct stek_rings *rings, int64_t now);

/* The ring of that name, or NULL. */
struct stek_kept *stek_rings_find(struct stek_rings *rings, const char *name);

#endif
