/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/state.h"
#include "clock/clock.h"

#include <string.h>

#include <event2/event.h>

enum { DATE_EVERY_MS = 60000 };

int64_t stek_etcd_now_ms(void)
{
    return stek_clock_monotonic_ms();
}

void stek_etcd_break(struct stek_etcd *etcd, const struct stek_etcd_problem *problem)
{
    if (etcd->broken || etcd->link == NULL)
        return;
    etcd->broken = true;
    etcd->online = false;
    etcd->problem = *problem;
    event_active(etcd->fall, 0, 0);
}

void stek_etcd_break_with(struct stek_etcd *etcd, enum stek_etcd_fault fault, const char *text)
{
    struct stek_etcd_problem problem;

    stek_etcd_problem_set(&problem, fault, etcd->place.endpoint, text);
    stek_etcd_break(etcd, &problem);
}

void stek_etcd_check_cluster(struct stek_etcd *etcd, const struct stek_etcd_answer *answer)
{
    if (answer->cluster_id == 0)
        return; /* a proxy does not know it in all of its answers */
    if (etcd->cluster_id == 0)
        etcd->cluster_id = answer->cluster_id;
    if (answer->cluster_id == etcd->cluster_id) {
        etcd->strangers = 0;
        return;
    }
    if (etcd->broken)
        return;
    etcd->strangers = answer->cluster_id == etcd->other_cluster ? etcd->strangers + 1 : 1;
    etcd->other_cluster = answer->cluster_id;
    if (etcd->strangers <= etcd->options.endpoints_count) {
        stek_etcd_break_with(etcd, STEK_ETCD_CLUSTER,
                             "this endpoint belongs to another etcd cluster than the one in use");
        return;
    }
    /* One stray endpoint is a mistake; all of them are a store that was restored or replaced. */
    etcd->cluster_id = answer->cluster_id;
    etcd->strangers = 0;
    etcd->handlers.on_other_store(etcd->handlers.arg);
}

static void on_date(void *arg, int64_t date)
{
    struct stek_etcd *etcd = arg;

    if (date < 0)
        return;
    etcd->handlers.on_clock(etcd->handlers.arg, date - stek_clock_unix_ms() / 1000,
                            stek_etcd_now_ms() - etcd->dated_ms);
}

void stek_etcd_ask_date_if_due(struct stek_etcd *etcd)
{
    const int64_t now = stek_etcd_now_ms();

    if (etcd->handlers.on_clock == NULL || etcd->broken ||
        (etcd->dated_ms != 0 && now - etcd->dated_ms < DATE_EVERY_MS))
        return;
    const bool http_1_1 =
        etcd->server == STEK_SERVER_PROXY || strncmp(etcd->place.endpoint, "http:", 5) == 0;
    if (stek_etcd_ask_date(etcd->link, "version", http_1_1, on_date, etcd) == STEK_OK)
        etcd->dated_ms = now;
}

void stek_etcd_came_online(struct stek_etcd *etcd)
{
    if (etcd->online || etcd->broken)
        return;
    etcd->online = true;
    etcd->online_ms = stek_etcd_now_ms();
    stek_etcd_ask_date_if_due(etcd);
    etcd->handlers.on_online(etcd->handlers.arg);
}
