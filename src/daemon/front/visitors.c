/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/visitors.h"

#include <sys/socket.h>

static const struct timeval second = {.tv_sec = 1};

/* evhttp has freed it: what is left is our reference, and the descriptor that it keeps open. */
static bool is_over(struct bufferevent *visitor)
{
    bufferevent_data_cb on_readable = NULL;

    bufferevent_getcb(visitor, &on_readable, NULL, NULL, NULL);
    return on_readable == NULL;
}

static void sweep(struct stek_visitors *visitors)
{
    size_t left = 0;
    size_t sent_away = 0;

    for (size_t i = 0; i < visitors->count; i++) {
        if (is_over(visitors->at[i])) {
            (void)bufferevent_decref(visitors->at[i]);
            continue;
        }
        sent_away += i < visitors->sent_away;
        visitors->at[left++] = visitors->at[i];
    }
    visitors->count = left;
    visitors->sent_away = sent_away;
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct stek_visitors *visitors = arg;

    (void)fd;
    (void)what;
    sweep(visitors);
    if (visitors->count > 0)
        (void)event_add(visitors->sweep, &second);
}

bool stek_visitors_open(struct stek_visitors *visitors, struct event_base *base)
{
    *visitors = (struct stek_visitors){.count = 0};
    visitors->sweep = evtimer_new(base, on_sweep, visitors);
    return visitors->sweep != NULL;
}

void stek_visitors_close(struct stek_visitors *visitors)
{
    for (size_t i = 0; i < visitors->count; i++)
        (void)bufferevent_decref(visitors->at[i]);
    visitors->count = 0;
    if (visitors->sweep != NULL)
        event_free(visitors->sweep);
    visitors->sweep = NULL;
}

/* evhttp hears of that, and frees it. */
static void send_away(struct bufferevent *visitor)
{
    (void)shutdown(bufferevent_getfd(visitor), SHUT_RDWR);
}

void stek_visitors_add(struct stek_visitors *visitors, struct bufferevent *visitor)
{
    sweep(visitors);
    if (visitors->count == STEK_VISITORS_ROOM)
        return; /* it is not counted, and ends when it is idle */
    if (visitors->count == 0)
        (void)event_add(visitors->sweep, &second);
    /* Also when evhttp has let go of it, and nobody takes what comes. */
    bufferevent_setwatermark(visitor, EV_READ, 0, STEK_VISITOR_INPUT_MAX);
    bufferevent_incref(visitor);
    visitors->at[visitors->count++] = visitor;
    while (visitors->count - visitors->sent_away > STEK_VISITORS_MAX)
        send_away(visitors->at[visitors->sent_away++]);
}
