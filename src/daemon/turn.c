/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/turn.h"

#include "daemon/history/note.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/watch/clock.h"

#include <errno.h>
#include <time.h>

int64_t stekd_now(void)
{
    return (int64_t)time(NULL);
}

/* Rounds over counters take turns with everything else, and a fifth of the time at most. Who asks
 * more often than that does not put them off. */
static void count_soon(struct stekd *daemon)
{
    static const struct timeval pause = {.tv_usec = 20000};

    if (event_pending(daemon->counting, EV_TIMEOUT, NULL) == 0 &&
        event_add(daemon->counting, &pause) != 0)
        stek_log(STEK_LOG_ERROR, "cannot go on with counting");
}

void stekd_on_counting(evutil_socket_t fd, short events, void *arg)
{
    struct stekd *daemon = arg;

    (void)fd, (void)events;
    stek_note_alive(&daemon->history);
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

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

void stekd_turn(struct stekd *daemon)
{
    static const struct timeval second = {.tv_sec = 1};
    const int64_t now = stekd_now();
    const int64_t clock = stek_clock_look(&daemon->rings, now);
    int64_t next = earlier(stek_rings_update(&daemon->rings, now), clock);

    (void)stek_orphans_look(&daemon->orphans, &daemon->config, now);
    next =
        earlier(next, stek_orphans_update(&daemon->orphans, &daemon->config,
                                          stek_clockcheck_doubt_s(&daemon->rings.clock) == 0, now));
    if (daemon->rings.fleet_due)
        next = earlier(next, daemon->fleet_retry_at);
    if (!stek_alarm_set(&daemon->alarm, next)) {
        stek_log(STEK_LOG_ERROR,
                 "cannot set the alarm for the next rotation: %s; stekd looks each second",
                 stek_failure_name(errno).text);
        (void)event_add(daemon->again, &second);
    }
    count_soon(daemon);
}
