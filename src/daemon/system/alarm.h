/* SPDX-License-Identifier: Apache-2.0 */
/* Wakes the loop at a time of the calendar clock, which rings follow, or when it is set. */
#ifndef STEK_DAEMON_ALARM_H
#define STEK_DAEMON_ALARM_H

#include <event2/event.h>

#include <stdbool.h>
#include <stdint.h>

struct stek_alarm {
    int fd;
    struct event *event;
    void (*ring)(void *arg);
    void *arg;
};

/* `ring` is called when the time has come or the clock was set; it has to set the alarm again. */
bool stek_alarm_open(struct event_base *base, void (*ring)(void *arg), void *arg,
                     struct stek_alarm *ret_alarm);
void stek_alarm_close(struct stek_alarm *alarm);

/* Unix seconds; INT64_MAX: only when the clock is set. */
bool stek_alarm_set(struct stek_alarm *alarm, int64_t at);

#endif
