/* SPDX-License-Identifier: Apache-2.0 */
/* Watches of spans of keys, from the revision on that was read. */
#include "etcd/state.h"

#include <string.h>

#include <event2/event.h>

enum {
    WATCH_BYTES_MAX = 8 << 20,
    AGAIN_MAX = 3,
    SOON_PACES = 20,
    WATCH_SPAN_BITS = 16,
    PROXY_NUMBERS = 1 << WATCH_SPAN_BITS
};

/*
 * Tells the watches of one stream apart, and those that were replaced from those that count. No
 * number is below PROXY_NUMBERS: a proxy does not care for ours and numbers the watches of a stream
 * from 0, which gives it away.
 */
static int64_t watch_id_of(const struct stek_etcd_watched *watched)
{
    const size_t index = (size_t)(watched - watched->etcd->spans);

    return (int64_t)(watched->generation << WATCH_SPAN_BITS | (index + 1));
}

static int64_t watch_id_there(const struct stek_etcd_watched *watched)
{
    return watched->etcd->server == STEK_SERVER_PROXY ? watched->order : watch_id_of(watched);
}

static struct stek_etcd_watched *find_proxied(struct stek_etcd *etcd, int64_t watch_id)
{
    for (size_t i = 0; i < etcd->spans_count; i++)
        if (etcd->spans[i].state == STEK_SPAN_WATCHED && etcd->spans[i].order == watch_id)
            return &etcd->spans[i];
    return NULL;
}

static struct stek_etcd_watched *find_watch(struct stek_etcd *etcd, int64_t watch_id)
{
    if (etcd->server == STEK_SERVER_PROXY)
        return find_proxied(etcd, watch_id);
    const size_t index = (size_t)(watch_id & ((1 << WATCH_SPAN_BITS) - 1));

    if (watch_id <= 0 || index == 0 || index > etcd->spans_count)
        return NULL;
    struct stek_etcd_watched *watched = &etcd->spans[index - 1];
    return watched->state == STEK_SPAN_WATCHED && watch_id_of(watched) == watch_id ? watched : NULL;
}

static void deliver_event(void *arg, const struct stek_etcd_answer *head,
                          const struct stek_etcd_item *item)
{
    struct stek_etcd *etcd = arg;
    struct stek_etcd_watched *watched = find_watch(etcd, head->watch_id);

    if (watched != NULL)
        etcd->handlers.on_item(etcd->handlers.arg, (size_t)(watched - etcd->spans), item);
}

/* Whether the last reading has begun only lately. */
static bool is_soon(const struct stek_etcd_watched *watched)
{
    return stek_etcd_now_ms() - watched->begun_ms < SOON_PACES * watched->etcd->options.pace_ms;
}

/*
 * What was read does not count any more. It is read once the loop has come back: inside of a
 * stream's callback libcurl begins no transfer. A peer could have this host read for ever.
 */
static void read_again(struct stek_etcd_watched *watched)
{
    struct stek_etcd *etcd = watched->etcd;

    watched->state = STEK_SPAN_IDLE;
    watched->again = is_soon(watched) ? watched->again + 1 : 0;
    if (watched->again > AGAIN_MAX)
        stek_etcd_break_with(etcd, STEK_ETCD_PROTOCOL,
                             "no reading counts: etcd ends each watch, or goes back each time");
    else
        event_active(etcd->idle, 0, 0);
}

/*
 * etcd ended a watch: what this host then misses needs a whole reading, at once. If etcd ends the
 * next one soon, for another reason than that events are gone, the tick reads again.
 */
static void watch_canceled(struct stek_etcd_watched *watched, const struct stek_etcd_answer *answer)
{
    watched->state = STEK_SPAN_IDLE;
    if (answer->compacted > 0 || watched->again == 0 || !is_soon(watched))
        read_again(watched);
}

/* A proxy has not answered the question for its date, if that was asked before it was known. */
static void note_server(struct stek_etcd *etcd, const struct stek_etcd_answer *answer)
{
    etcd->server = answer->watch_id < PROXY_NUMBERS ? STEK_SERVER_PROXY : STEK_SERVER_MEMBER;
    if (etcd->server == STEK_SERVER_PROXY)
        etcd->dated_ms = 0;
}

/* More than this host takes in the time between two signs of life: it would be busy with it. */
static bool is_flood(struct stek_etcd *etcd, size_t len)
{
    etcd->told_len += len;
    return etcd->told_len > WATCH_BYTES_MAX;
}

static bool on_watch_message(void *arg, struct stek_bytes message)
{
    struct stek_etcd *etcd = arg;
    struct stek_etcd_answer answer;

    if (etcd->broken)
        return true;
    etcd->heard_ms = etcd->told_ms = stek_etcd_now_ms();
    if (is_flood(etcd, message.len)) {
        stek_etcd_break_with(etcd, STEK_ETCD_PROTOCOL, "more events than a fleet has");
        return true;
    }
    if (stek_etcd_read_watch(message, deliver_event, etcd, &answer) != STEK_OK)
        return false;
    stek_etcd_check_cluster(etcd, &answer);
    if (etcd->server == STEK_SERVER_UNKNOWN && answer.created && answer.watch_id >= 0)
        note_server(etcd, &answer);
    struct stek_etcd_watched *watched = find_watch(etcd, answer.watch_id);
    if (watched == NULL)
        return true;
    if (answer.canceled)
        watch_canceled(watched, &answer);
    else if (answer.revision < watched->revision)
        read_again(watched); /* the store went back: it was restored from a copy */
    else if (!answer.created)
        watched->revision = answer.revision;
    return true;
}

static void on_watch_end(void *arg, const struct stek_etcd_problem *problem,
                         struct stek_bytes answer)
{
    struct stek_etcd *etcd = arg;

    (void)answer;
    etcd->watch = NULL;
    if (problem->fault == STEK_ETCD_OK)
        stek_etcd_break_with(etcd, STEK_ETCD_UNREACHABLE, "etcd ended the watch");
    else
        stek_etcd_break(etcd, problem);
}

static bool send_on_watch(struct stek_etcd *etcd, const struct stek_etcd_request *request)
{
    const struct stek_etcd_ear ear = {on_watch_message, on_watch_end, etcd};

    if (etcd->watch == NULL &&
        stek_etcd_stream_open(etcd->link, "Watch/Watch", &ear, &etcd->watch) != STEK_OK)
        return false;
    return stek_etcd_stream_send(etcd->watch, stek_etcd_request_bytes(request)) == STEK_OK;
}

static void begin_watching(struct stek_etcd_watched *watched)
{
    struct stek_etcd *etcd = watched->etcd;
    struct stek_etcd_request request;

    watched->state = STEK_SPAN_WATCHED;
    watched->order = etcd->watches++;
    if (etcd->watch == NULL)
        etcd->heard_ms = etcd->told_ms = etcd->asked_ms = stek_etcd_now_ms();
    if (stek_etcd_ask_watch(&watched->span, watch_id_of(watched), watched->revision + 1,
                            &request) != STEK_OK ||
        !send_on_watch(etcd, &request))
        stek_etcd_break_with(etcd, STEK_ETCD_LOCAL, "cannot watch: no memory");
}

static void on_span_read(struct stek_etcd_watched *watched, const struct stek_etcd_problem *problem)
{
    struct stek_etcd *etcd = watched->etcd;

    watched->refused = problem->fault != STEK_ETCD_OK;
    if (watched->refused)
        watched->state = STEK_SPAN_IDLE;
    else
        begin_watching(watched);
    etcd->handlers.on_read_end(etcd->handlers.arg, (size_t)(watched - etcd->spans), problem);
    if (stek_etcd_spans_known(etcd))
        stek_etcd_came_online(etcd);
}

void stek_etcd_spans_begin(struct stek_etcd *etcd)
{
    for (size_t i = 0; i < etcd->spans_count; i++)
        if (etcd->spans[i].state == STEK_SPAN_IDLE)
            stek_etcd_read_span(&etcd->spans[i], on_span_read);
}

void stek_etcd_spans_reset(struct stek_etcd *etcd)
{
    etcd->watch = NULL;
    etcd->server = STEK_SERVER_UNKNOWN;
    etcd->watches = 0;
    for (size_t i = 0; i < etcd->spans_count; i++) {
        etcd->spans[i].state = STEK_SPAN_IDLE;
        etcd->spans[i].refused = false;
        etcd->spans[i].again = 0;
    }
}

bool stek_etcd_spans_known(const struct stek_etcd *etcd)
{
    for (size_t i = 0; i < etcd->spans_count; i++)
        if (etcd->spans[i].state != STEK_SPAN_WATCHED && !etcd->spans[i].refused)
            return false;
    return true;
}

void stek_etcd_reread(struct stek_etcd *etcd, size_t span)
{
    struct stek_etcd_watched *watched = &etcd->spans[span];
    struct stek_etcd_request request;

    if (etcd->link == NULL || etcd->broken || watched->state != STEK_SPAN_WATCHED)
        return;
    if (stek_etcd_ask_cancel(watch_id_there(watched), &request) != STEK_OK ||
        !send_on_watch(etcd, &request)) {
        stek_etcd_break_with(etcd, STEK_ETCD_LOCAL, "cannot watch: no memory");
        return;
    }
    stek_etcd_read_span(watched, on_span_read);
}

static void ask_progress(struct stek_etcd *etcd)
{
    struct stek_etcd_request request;

    etcd->asked_ms = stek_etcd_now_ms();
    if (stek_etcd_ask_progress(&request) != STEK_OK || !send_on_watch(etcd, &request))
        stek_etcd_break_with(etcd, STEK_ETCD_LOCAL, "cannot watch: no memory");
}

void stek_etcd_watch_tick(struct stek_etcd *etcd)
{
    etcd->told_len = 0;
    stek_etcd_spans_begin(etcd);
    for (size_t i = 0; i < etcd->spans_count; i++)
        stek_etcd_tell_if_slow(&etcd->spans[i]);
    if (etcd->watch == NULL || etcd->broken)
        return;
    if (stek_etcd_now_ms() - etcd->heard_ms > 2 * etcd->options.pace_ms) {
        stek_etcd_break_with(etcd, STEK_ETCD_SILENT, "connected, but no answer");
    } else if (etcd->server == STEK_SERVER_PROXY) {
        stek_etcd_ask_proxy(etcd);
    } else if (etcd->server == STEK_SERVER_MEMBER) {
        if (etcd->told_ms < etcd->asked_ms)
            stek_etcd_ask_member(etcd);
        ask_progress(etcd);
    }
}
