/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/turn.h"

#include "daemon/system/log.h"
#include "daemon/watch/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int64_t stekd_now(void)
{
    return (int64_t)time(NULL);
}

/* Rounds over counters take turns with everything else, and a fifth of the time at most. */
static void count_soon(struct stekd *daemon)
{
    static const struct timeval pause = {.tv_usec = 20000};

    if (event_add(daemon->counting, &pause) != 0)
        stek_log(STEK_LOG_ERROR, "cannot go on with counting");
}

void stekd_on_counting(evutil_socket_t fd, short events, void *arg)
{
    struct stekd *daemon = arg;

    (void)fd, (void)events;
    if (stek_counting_go_on(&daemon->rings))
        count_soon(daemon);
}

void stekd_begin_answer(struct stekd *daemon)
{
    if (stek_orphans_look(&daemon->orphans, &daemon->config, stekd_now()))
        stekd_turn(daemon); /* for the alarm */
    stek_counting_begin_answer(&daemon->rings);
    count_soon(daemon);
}

void stekd_turn(struct stekd *daemon)
{
    const int64_t now = stekd_now();
    const int64_t clock = stek_clock_look(&daemon->rings, now);
    int64_t next = stek_rings_update(&daemon->rings, now);

    (void)stek_orphans_look(&daemon->orphans, &daemon->config, now);
    const int64_t orphans = stek_orphans_update(
        &daemon->orphans, stek_clockcheck_doubt_s(&daemon->rings.clock) == 0, now);

    next = orphans < next ? orphans : next;
    next = clock < next ? clock : next;
    if (!stek_alarm_set(&daemon->alarm, next))
        stek_log(STEK_LOG_ERROR, "cannot set the alarm for the next rotation: %s", strerror(errno));
    count_soon(daemon);
}
