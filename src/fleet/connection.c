/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the connection to the store tells: whether there is one, what stands in a ring's folder, and
 * whose clock is off.
 */
#include "fleet/state.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* A clock that is so far off is logged: certificates and other hosts suffer before rings. */
enum { CLOCK_WORTH_SAYING_S = 5 };

static void on_online(void *arg)
{
    struct stek_fleet *fleet = arg;

    fleet->online = true;
    fleet->since = stek_fleet_now_ms() / 1000;
    fleet->problem = (struct stek_etcd_problem){STEK_ETCD_OK, ""};
    stek_fleet_log(fleet, LOG_NOTICE, "fleet: connected to %s", stek_etcd_endpoint(fleet->etcd));
    stek_fleet_members_online(fleet);
    stek_fleet_decide_all(fleet);
}

/*
 * systemd drops what a unit may not send, so nothing but silence shows here. It is told only where
 * systemd has started stekd.
 */
static const char *advice(const struct stek_etcd_problem *problem)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): stekd has one thread */
    const char *by_systemd = getenv("INVOCATION_ID");

    return problem->fault == STEK_ETCD_SILENT && by_systemd != NULL
               ? "; the unit may connect only to what its IPAddressAllow= lists: systemctl edit "
                 "stekd"
               : "";
}

static void add_advice(struct stek_etcd_problem *problem)
{
    const char *words = advice(problem);
    const size_t len = strlen(problem->text);

    if (len + strlen(words) < sizeof problem->text)
        memcpy(problem->text + len, words, strlen(words) + 1);
}

/* Said when it begins and when the reason becomes another one, not at each attempt. */
static void on_offline(void *arg, const struct stek_etcd_problem *problem)
{
    struct stek_fleet *fleet = arg;
    const bool news = fleet->online || !fleet->told;

    if (news) {
        fleet->since = stek_fleet_now_ms() / 1000;
        fleet->reconnects += fleet->online;
    }
    if (news || problem->fault != fleet->problem.fault)
        stek_fleet_log(fleet, LOG_WARNING, "fleet: no connection: %s%s", problem->text,
                       advice(problem));
    fleet->online = false;
    fleet->told = true;
    fleet->problem = *problem;
    add_advice(&fleet->problem);
    for (size_t i = 0; i < fleet->rings_count; i++)
        stek_sync_disconnected(fleet->rings[i].sync);
    stek_fleet_decide_all(fleet);
}

static void on_other_store(void *arg)
{
    struct stek_fleet *fleet = arg;

    stek_fleet_log(fleet, LOG_WARNING,
                   "fleet: the store is another etcd cluster than before (restored or replaced): "
                   "what stekd knew of it no longer counts");
    for (size_t i = 0; i < fleet->rings_count; i++)
        stek_sync_forget_store(fleet->rings[i].sync);
}

static void on_read_begin(void *arg, size_t span, int64_t revision)
{
    struct stek_fleet *fleet = arg;

    stek_fleet_stored_read_begin(&fleet->rings[span], revision);
}

static void on_item(void *arg, size_t span, const struct stek_etcd_item *item)
{
    struct stek_fleet *fleet = arg;

    stek_fleet_stored_item(&fleet->rings[span], item);
}

static void on_beside(void *arg, size_t span, uint64_t count)
{
    struct stek_fleet *fleet = arg;

    stek_fleet_stored_beside(&fleet->rings[span], count);
}

static void on_slow(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    struct stek_fleet *fleet = arg;
    struct stek_fleet_ring *ring = &fleet->rings[span];

    stek_fleet_log(fleet, LOG_WARNING, "fleet: ring %s: %s", ring->name, problem->text);
    memcpy(ring->problem, problem->text, sizeof ring->problem);
}

/* Refused: this ring continues by itself, the others are not affected. */
static void on_read_end(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    struct stek_fleet *fleet = arg;
    struct stek_fleet_ring *ring = &fleet->rings[span];

    if (problem->fault == STEK_ETCD_OK) {
        stek_fleet_stored_read_end(ring);
    } else {
        if (strcmp(ring->problem, problem->text) != 0)
            stek_fleet_log(fleet, LOG_ERR, "fleet: ring %s: cannot read the store: %s", ring->name,
                           problem->text);
        stek_sync_disconnected(ring->sync);
    }
    memcpy(ring->problem, problem->text, sizeof ring->problem);
    stek_fleet_ring_soon(ring);
}

static void on_clock(void *arg, int64_t ahead_s, int64_t round_trip_ms)
{
    struct stek_fleet *fleet = arg;
    const bool off = -ahead_s > CLOCK_WORTH_SAYING_S || -ahead_s < -CLOCK_WORTH_SAYING_S;

    (void)round_trip_ms;
    fleet->clock_known = true;
    fleet->clock_ahead_s = -ahead_s;
    if (off && !fleet->clock_told)
        stek_fleet_log(
            fleet, LOG_WARNING,
            "fleet: this host's clock is %lld s %s the store's: set it right (chrony, ntpd)",
            (long long)(ahead_s < 0 ? -ahead_s : ahead_s), ahead_s < 0 ? "ahead of" : "behind");
    else if (!off && fleet->clock_told)
        stek_fleet_log(fleet, LOG_NOTICE, "fleet: this host's clock is right again");
    fleet->clock_told = off;
    stek_fleet_members_changed(fleet);
    if (off)
        stek_fleet_members_json(fleet,
                                true); /* whose clock is wrong, this host's or the store's? */
    else
        stek_fleet_saw_clock(fleet, -ahead_s * 1000);
    stek_fleet_decide_all(fleet); /* a clock that is confirmed may end an epoch */
}

struct stek_etcd_handlers stek_fleet_handlers(struct stek_fleet *fleet)
{
    return (struct stek_etcd_handlers){.on_online = on_online,
                                       .on_offline = on_offline,
                                       .on_read_begin = on_read_begin,
                                       .on_item = on_item,
                                       .on_beside = on_beside,
                                       .on_slow = on_slow,
                                       .on_read_end = on_read_end,
                                       .on_other_store = on_other_store,
                                       .on_clock = on_clock,
                                       .arg = fleet};
}
