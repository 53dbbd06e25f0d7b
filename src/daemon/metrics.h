/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics in Prometheus' text format, version 0.0.4. Names begin with stek_, units are base units,
 * counters end in _total. No secrets, and no key's name or fingerprint: the client that scrapes is
 * not always an administrator's. Pure.
 */
#ifndef STEK_DAEMON_METRICS_H
#define STEK_DAEMON_METRICS_H

#include "daemon/fleet.h"
#include "status/status.h"

#include <event2/buffer.h>

/* What metrics tell of one ring. */
struct stek_metrics_ring {
    struct stek_status_ring status;
    uint64_t rotations;
    uint64_t continuations;
};

/* What metrics tell of stekd itself. */
struct stek_metrics_daemon {
    int64_t since; /* Unix seconds */
    bool last_reload_ok;
    int64_t last_reload; /* Unix seconds of the last configuration that was taken */
    uint64_t reloads_refused;
    size_t orphans; /* rings that no configuration names */
    bool clock_in_doubt;
};

/* Appends the whole text. Returns false when there is no memory. */
bool stek_metrics_write(struct evbuffer *text, const struct stek_metrics_daemon *daemon,
                        const struct stek_metrics_ring *rings, size_t count, int64_t now);

/* Adds what is known of the fleet. Returns false when there was no memory for it. */
bool stek_metrics_write_fleet(struct evbuffer *text, const struct stekd_fleet *keeper);

#endif
