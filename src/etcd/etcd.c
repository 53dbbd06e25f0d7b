/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/etcd.h"

#include "crypto/random.h"
#include "etcd/state.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/util.h>

enum { BACK_OFF_FIRST_MS = 50, SOUND_MS = 5000, TIMEOUT_MIN_MS = 2000, TIMEOUT_MAX_MS = 5000 };

static struct timeval timeval_of(int64_t ms)
{
    return (struct timeval){(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
}

/* A number from half of `ms` to all of it: hosts that fail together do not come back together. */
static int64_t jittered(int64_t ms)
{
    return ms / 2 + (int64_t)(stek_random_dice() % (uint64_t)(ms / 2 + 1));
}

/* Every endpoint is tried soon; then rests double with each round. */
static int64_t back_off_ms(const struct stek_etcd *etcd)
{
    const size_t rounds = etcd->failures / etcd->options.endpoints_count;
    const int64_t rest = (int64_t)BACK_OFF_FIRST_MS << (rounds < 12 ? rounds : 12);

    return jittered(rest < etcd->options.back_off_max_ms ? rest : etcd->options.back_off_max_ms);
}

/* One that breaks soon is a failure: else a peer could have this host connect without a rest. */
static void count_failure(struct stek_etcd *etcd)
{
    const bool sound = etcd->online_ms != 0 && stek_etcd_now_ms() - etcd->online_ms >= SOUND_MS;

    etcd->failures = sound ? 1 : etcd->failures + 1;
}

static void drop_link(struct stek_etcd *etcd)
{
    const struct stek_etcd_problem problem = etcd->problem;
    struct stek_etcd_link *link = etcd->link;

    etcd->link = NULL;
    etcd->online = false;
    etcd->online_ms = 0;
    etcd->told_len = 0;
    etcd->broken = false;
    event_del(etcd->tick);
    event_del(etcd->idle);
    stek_etcd_link_close(link);
    stek_etcd_spans_reset(etcd);
    stek_etcd_ops_fail(etcd, &problem);
}

static void on_fall(evutil_socket_t fd, short what, void *arg)
{
    struct stek_etcd *etcd = arg;

    (void)fd;
    (void)what;
    if (!etcd->broken)
        return;
    struct stek_etcd_problem problem = etcd->problem;
    if (problem.fault == STEK_ETCD_UNREACHABLE || problem.fault == STEK_ETCD_CLIENT_CERT)
        stek_etcd_blame_cert(etcd->options.cert, etcd->place.endpoint, &problem);
    count_failure(etcd);
    drop_link(etcd);
    etcd->endpoint = (etcd->endpoint + 1) % etcd->options.endpoints_count;
    const struct timeval rest = timeval_of(back_off_ms(etcd));
    event_add(etcd->retry, &rest);
    etcd->handlers.on_offline(etcd->handlers.arg, &problem);
}

static void failed_to_start(struct stek_etcd *etcd, const struct stek_etcd_problem *problem)
{
    const struct timeval rest = timeval_of(etcd->options.back_off_max_ms);

    event_add(etcd->retry, &rest);
    etcd->handlers.on_offline(etcd->handlers.arg, problem);
}

static bool open_link(struct stek_etcd *etcd, struct stek_etcd_problem *ret_problem)
{
    if (!stek_etcd_files_are_sound(&etcd->options, etcd->place.endpoint, ret_problem))
        return false;
    if (stek_etcd_link_open(etcd->base, &etcd->place, &etcd->link) == STEK_OK)
        return true;
    stek_etcd_problem_set(ret_problem, STEK_ETCD_LOCAL, etcd->place.endpoint,
                          "cannot start a connection: no memory");
    return false;
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct stek_etcd *etcd = arg;
    struct stek_etcd_problem problem;
    const struct timeval pace = timeval_of(etcd->options.pace_ms);
    int64_t timeout_ms = 2 * etcd->options.pace_ms;

    (void)fd;
    (void)what;
    timeout_ms = timeout_ms < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : timeout_ms;
    timeout_ms = timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : timeout_ms;
    etcd->place =
        (struct stek_etcd_place){etcd->options.endpoints[etcd->endpoint], etcd->options.ca,
                                 etcd->options.cert, etcd->options.key, (long)timeout_ms};
    if (!open_link(etcd, &problem)) {
        failed_to_start(etcd, &problem);
        return;
    }
    event_add(etcd->tick, &pace);
    stek_etcd_spans_begin(etcd);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct stek_etcd *etcd = arg;

    (void)fd;
    (void)what;
    stek_etcd_watch_tick(etcd);
    if (etcd->online)
        stek_etcd_ask_date_if_due(etcd);
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    struct stek_etcd *etcd = arg;

    (void)fd;
    (void)what;
    if (etcd->link != NULL && !etcd->broken)
        stek_etcd_spans_begin(etcd);
}

bool stek_etcd_is_online(const struct stek_etcd *etcd)
{
    return etcd->online;
}

const char *stek_etcd_endpoint(const struct stek_etcd *etcd)
{
    return etcd->options.endpoints[etcd->endpoint];
}

/* Both ends in one piece of memory. */
static bool copy_span(const struct stek_etcd_span *span, struct stek_etcd_watched *watched)
{
    uint8_t *at = malloc(span->from.len + span->until.len + 1);

    if (at == NULL)
        return false;
    memcpy(at, span->from.at, span->from.len);
    if (span->until.len > 0)
        memcpy(at + span->from.len, span->until.at, span->until.len);
    watched->owned = at;
    watched->span =
        (struct stek_etcd_span){{at, span->from.len}, {at + span->from.len, span->until.len}};
    watched->parts = (struct stek_etcd_parts){1, {{watched->span, false}}};
    return true;
}

static bool copy_spans(struct stek_etcd *etcd)
{
    const struct stek_etcd_options *options = &etcd->options;

    etcd->spans = calloc(options->spans_count + 1, sizeof *etcd->spans);
    if (etcd->spans == NULL)
        return false;
    for (; etcd->spans_count < options->spans_count; etcd->spans_count++) {
        struct stek_etcd_watched *watched = &etcd->spans[etcd->spans_count];
        watched->etcd = etcd;
        if (!copy_span(&options->spans[etcd->spans_count], watched))
            return false;
        if (options->parts != NULL)
            watched->parts = options->parts[etcd->spans_count];
    }
    return true;
}

static bool is_usable(const struct stek_etcd_options *options)
{
    for (size_t i = 0; i < options->spans_count; i++)
        if (options->spans[i].from.len == 0 || options->spans[i].from.len > 512 ||
            options->spans[i].until.len > 512)
            return false;
    return options->endpoints_count > 0 && options->pace_ms > 0 && options->back_off_max_ms > 0 &&
           options->spans_count < 65535;
}

enum stek_result stek_etcd_new(struct event_base *base, const struct stek_etcd_options *options,
                               const struct stek_etcd_handlers *handlers,
                               struct stek_etcd **ret_etcd)
{
    struct stek_etcd *etcd;
    const struct timeval at_once = {0, 0};

    if (!is_usable(options))
        return STEK_ERR_ARGUMENT;
    etcd = calloc(1, sizeof *etcd);
    if (etcd == NULL)
        return STEK_ERR_MEMORY;
    *etcd = (struct stek_etcd){.base = base, .options = *options, .handlers = *handlers};
    etcd->endpoint =
        (size_t)(stek_random_dice() % options->endpoints_count); /* hosts spread over the members */
    etcd->fall = event_new(base, -1, 0, on_fall, etcd);
    etcd->retry = evtimer_new(base, on_retry, etcd);
    etcd->tick = event_new(base, -1, EV_PERSIST, on_tick, etcd);
    etcd->idle = event_new(base, -1, 0, on_idle, etcd);
    if (!copy_spans(etcd) || etcd->fall == NULL || etcd->retry == NULL || etcd->tick == NULL ||
        etcd->idle == NULL || event_add(etcd->retry, &at_once) != 0) {
        stek_etcd_free(etcd);
        return STEK_ERR_MEMORY;
    }
    *ret_etcd = etcd;
    return STEK_OK;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void stek_etcd_free(struct stek_etcd *etcd)
{
    if (etcd == NULL)
        return;
    if (etcd->link != NULL) {
        stek_etcd_problem_set(&etcd->problem, STEK_ETCD_UNREACHABLE, etcd->place.endpoint,
                              "the connection is being closed");
        drop_link(etcd);
    }
    free_event(etcd->fall);
    free_event(etcd->retry);
    free_event(etcd->tick);
    free_event(etcd->idle);
    for (size_t i = 0; i < etcd->spans_count; i++)
        free(etcd->spans[i].owned);
    free(etcd->spans);
    free(etcd);
}
