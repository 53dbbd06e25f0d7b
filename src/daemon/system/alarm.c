/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/alarm.h"

#include <sys/timerfd.h>
#include <unistd.h>

/* As good as never; a timer that is not armed does not tell that the clock was set. On 32 bits, the
 * last second there is. */
static const time_t never = sizeof(time_t) > 4 ? (time_t)((int64_t)1 << 36) : INT32_MAX;

static void ring_now(evutil_socket_t fd, short what, void *arg)
{
    struct stek_alarm *alarm = arg;
    uint64_t times;

    (void)what;
    /* ECANCELED: the clock was set. Either way it is time to look. */
    if (read(fd, &times, sizeof times) < 0)
        times = 0;
    alarm->ring(alarm->arg);
}

bool stek_alarm_open(struct event_base *base, void (*ring)(void *arg), void *arg,
                     struct stek_alarm *ret_alarm)
{
    *ret_alarm =
        (struct stek_alarm){.fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (ret_alarm->fd < 0)
        return false;
    ret_alarm->ring = ring;
    ret_alarm->arg = arg;
    ret_alarm->event = event_new(base, ret_alarm->fd, EV_READ | EV_PERSIST, ring_now, ret_alarm);
    if (ret_alarm->event != NULL && event_add(ret_alarm->event, NULL) == 0)
        return true;
    stek_alarm_close(ret_alarm);
    return false;
}

void stek_alarm_close(struct stek_alarm *alarm)
{
    if (alarm->event != NULL)
        event_free(alarm->event);
    if (alarm->fd >= 0)
        (void)close(alarm->fd);
    *alarm = (struct stek_alarm){.fd = -1};
}

bool stek_alarm_set(struct stek_alarm *alarm, int64_t at)
{
    /* 0 would disarm it. */
    const struct itimerspec when = {.it_value = {.tv_sec = at < 1       ? 1
                                                           : at < never ? (time_t)at
                                                                        : never}};

    return timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) ==
           0;
}
