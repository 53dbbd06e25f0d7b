/* SPDX-License-Identifier: Apache-2.0 */
/* stekd as a whole: what it holds while it runs, and its loop. */
#ifndef STEK_DAEMON_DAEMON_H
#define STEK_DAEMON_DAEMON_H

#include "daemon/system/alarm.h"
#include "daemon/config/config.h"
#include "daemon/counting.h"
#include "daemon/front/control.h"
#include "daemon/fleet.h"
#include "daemon/front/http.h"
#include "daemon/history/history.h"
#include "daemon/watch/orphans.h"
#include "daemon/system/notify.h"
#include "daemon/config/options.h"
#include "daemon/rings.h"
#include "daemon/system/rundir.h"

enum { STEKD_SIGNALS = 3 };

struct stekd {
    const struct stek_options *options;
    struct stek_config config; /* in force */
    struct stek_rundir rundir;
    struct event_base *base;
    struct event *signal[STEKD_SIGNALS];
    struct event *watchdog;
    struct event *again;    /* in place of the alarm, when that could not be set */
    struct event *counting; /* goes on with the rounds over counters */
    struct stek_alarm alarm;
    struct stek_rings rings;
    struct stekd_history history;
    struct stek_orphans orphans;
    struct stekd_fleet fleet;
    struct stek_control *control;
    struct stek_http *http;
    struct stek_notify notify;
    int64_t since;       /* Unix seconds */
    int64_t last_reload; /* when the configuration in force was taken */
    bool last_reload_ok;
    int64_t members_at;     /* when the status page last had the fleet's members read */
    int64_t fleet_retry_at; /* if rings.fleet_due: when to begin the fleet again */
};

/* Serves until SIGTERM or SIGINT. Takes `config` over. Returns the exit code; what went wrong has
 * been logged. */
int stekd_run(const struct stek_options *options, struct stek_config *config);

#endif
