/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves /metrics, /healthz and, if it is wanted, the status page (page.h) over HTTP, to any client
 * that can connect: it reads no secret and changes nothing.
 *
 * The attacker is any local user, and any host that the configured address lets in. Headers and
 * bodies are bounded, a client that is idle for five seconds is disconnected, and at most 128 are
 * connected: the oldest makes room for another one (visitors.h). Metrics are given to all that ask
 * while they are as old as it took to write them: so a crowd costs half of the time at most.
 */
#ifndef STEK_DAEMON_HTTP_H
#define STEK_DAEMON_HTTP_H

#include "daemon/config/config.h"
#include "daemon/front/page.h"

#include <event2/buffer.h>
#include <event2/event.h>

enum { STEK_HTTP_IDLE_MAX_S = 5 };

/* Writes a line; returns whether all is well. */
typedef bool (*stek_http_health_fn)(struct evbuffer *text, void *arg);

struct stek_http_pages {
    stek_answer_fn metrics;
    stek_http_health_fn health;
    struct stek_page_sources page;
    void *arg;
};

struct stek_http;

/* Listens on all of the addresses. NULL: *ret_problem says which one does not work, and why. */
struct stek_http *stek_http_open(struct event_base *base, const struct stek_config_listen *listen,
                                 size_t count, const struct stek_http_pages *pages,
                                 struct stek_config_problem *ret_problem);

/* NULL is fine. */
void stek_http_close(struct stek_http *http);

#endif
