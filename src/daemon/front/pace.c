/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/pace.h"

static const struct timeval moment = {.tv_usec = 1000};
static const struct timeval second = {.tv_sec = 1};

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct stek_pace *pace = arg;

    (void)fd;
    (void)what;
    pace->taken = 0;
    if (!pace->set(pace->arg, true))
        (void)event_add(pace->resume, &second);
}

bool stek_pace_open(struct stek_pace *pace, struct event_base *base, stek_pace_fn set, void *arg)
{
    *pace = (struct stek_pace){.set = set, .arg = arg};
    pace->resume = evtimer_new(base, on_resume, pace);
    return pace->resume != NULL;
}

void stek_pace_close(struct stek_pace *pace)
{
    if (pace->resume != NULL)
        event_free(pace->resume);
    pace->resume = NULL;
}

void stek_pace_count(struct stek_pace *pace)
{
    if (pace->taken == 0 && event_add(pace->resume, &moment) != 0)
        return;
    if (++pace->taken >= STEK_PACE_CONNECTIONS)
        (void)pace->set(pace->arg, false);
}

void stek_pace_rest(struct stek_pace *pace)
{
    (void)pace->set(pace->arg, false);
    (void)event_add(pace->resume, &second);
}
