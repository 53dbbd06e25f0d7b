/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans of keys: read part by part and page by page at one revision, then watched from the next
 * revision on. Pages grow while they are small enough, so that many keys take few of them.
 */
#include "etcd/state.h"

#include <string.h>

enum {
    PAGE_KEYS = 64,
    PAGE_KEYS_MAX = 4096,
    NAMES = 256,
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

static void read_page(struct stek_etcd_watched *watched);

static const struct stek_etcd_part *part_of(const struct stek_etcd_watched *watched)
{
    return &watched->parts.at[watched->part];
}

static void begin_part(struct stek_etcd_watched *watched)
{
    const struct stek_etcd_part *part = part_of(watched);

    watched->limit = part->names_only ? NAMES : PAGE_KEYS;
    watched->shrunk = false;
    watched->named = 0;
    watched->next_len = part->span.from.len;
    memcpy(watched->next, part->span.from.at, watched->next_len);
    read_page(watched);
}

static void begin_reading(struct stek_etcd_watched *watched)
{
    watched->generation++;
    watched->state = STEK_SPAN_READING;
    watched->revision = 0;
    watched->part = 0;
    begin_part(watched);
}

static void deliver_event(void *arg, const struct stek_etcd_answer *head,
                          const struct stek_etcd_item *item)
{
    struct stek_etcd *etcd = arg;
    struct stek_etcd_watched *watched = find_watch(etcd, head->watch_id);

    if (watched != NULL)
        etcd->handlers.on_item(etcd->handlers.arg, (size_t)(watched - etcd->spans), item);
}

/* etcd ended a watch: events that are gone need a whole reading; any other reason, too, but not at
 * once. */
static void watch_canceled(struct stek_etcd_watched *watched, const struct stek_etcd_answer *answer)
{
    watched->state = STEK_SPAN_IDLE;
    if (answer->compacted > 0)
        begin_reading(watched);
}

/* A proxy has not answered the question for its date, if that was asked before it was known. */
static void note_server(struct stek_etcd *etcd, const struct stek_etcd_answer *answer)
{
    etcd->server = answer->watch_id < PROXY_NUMBERS ? STEK_SERVER_PROXY : STEK_SERVER_MEMBER;
    if (etcd->server == STEK_SERVER_PROXY)
        etcd->dated_ms = 0;
}

static bool on_watch_message(void *arg, struct stek_bytes message)
{
    struct stek_etcd *etcd = arg;
    struct stek_etcd_answer answer;

    if (etcd->broken)
        return true;
    etcd->heard_ms = etcd->told_ms = stek_etcd_now_ms();
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
        begin_reading(watched); /* the store went back: it was restored from a copy */
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

static void end_reading(struct stek_etcd_watched *watched, const struct stek_etcd_problem *problem)
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

/* The next page begins with the next possible key; a key that is too long is skipped. */
static void turn_page(struct stek_etcd_watched *watched, struct stek_bytes key)
{
    const bool fits = key.len < sizeof watched->next;
    size_t len = fits ? key.len : sizeof watched->next;

    memcpy(watched->next, key.at, len);
    if (fits)
        watched->next[len++] = 0;
    else
        while (len > 1 && ++watched->next[len - 1] == 0)
            len--;
    watched->next_len = len;
}

/* With the first page the revision is known that all of the reading is of. */
static void note_revision(struct stek_etcd_watched *watched, const struct stek_etcd_answer *head)
{
    struct stek_etcd *etcd = watched->etcd;

    if (watched->revision != 0)
        return;
    watched->revision = head->revision;
    etcd->handlers.on_read_begin(etcd->handlers.arg, (size_t)(watched - etcd->spans),
                                 head->revision);
}

static void deliver_key(void *arg, const struct stek_etcd_answer *head,
                        const struct stek_etcd_item *item)
{
    struct stek_etcd_watched *watched = arg;
    struct stek_etcd *etcd = watched->etcd;

    stek_etcd_check_cluster(etcd, head);
    if (item->key.len == 0 || etcd->broken || watched->state != STEK_SPAN_READING)
        return;
    note_revision(watched, head);
    turn_page(watched, item->key);
    watched->named++;
    etcd->handlers.on_item(etcd->handlers.arg, (size_t)(watched - etcd->spans), item);
}

static void page_failed(struct stek_etcd_watched *watched, const struct stek_etcd_problem *problem)
{
    if (stek_etcd_is_endpoints_fault(problem->fault)) {
        watched->state = STEK_SPAN_IDLE; /* the link goes down */
    } else if (problem->fault == STEK_ETCD_TOO_LARGE && watched->limit > 1) {
        watched->limit /= 4;
        watched->shrunk = true;
        read_page(watched);
    } else if (problem->fault == STEK_ETCD_COMPACTED) {
        begin_reading(watched); /* between two pages, the revision of the first went */
    } else {
        end_reading(watched, problem);
    }
}

static void end_part(struct stek_etcd_watched *watched, const struct stek_etcd_problem *problem)
{
    if (++watched->part < watched->parts.count)
        begin_part(watched);
    else
        end_reading(watched, problem);
}

/* Keys that were not handed out. */
static void tell_beside(struct stek_etcd_watched *watched, const struct stek_etcd_answer *answer)
{
    const struct stek_etcd_handlers *handlers = &watched->etcd->handlers;
    const uint64_t all = answer->count > 0 ? (uint64_t)answer->count : 0;

    if (all > watched->named)
        handlers->on_beside(handlers->arg, (size_t)(watched - watched->etcd->spans),
                            all - watched->named);
}

static void next_page(struct stek_etcd_watched *watched)
{
    if (!watched->shrunk && watched->limit < PAGE_KEYS_MAX)
        watched->limit *= 4;
    read_page(watched);
}

static void on_page(void *arg, const struct stek_etcd_problem *problem,
                    const struct stek_etcd_answer *answer)
{
    struct stek_etcd_watched *watched = arg;

    if (watched->state != STEK_SPAN_READING || watched->etcd->broken)
        return;
    if (problem->fault != STEK_ETCD_OK) {
        page_failed(watched, problem);
        return;
    }
    note_revision(watched, answer);
    if (part_of(watched)->names_only)
        tell_beside(watched, answer);
    else if (answer->more) {
        next_page(watched);
        return;
    }
    end_part(watched, problem);
}

static void read_page(struct stek_etcd_watched *watched)
{
    const struct stek_etcd_part *part = part_of(watched);
    const struct stek_etcd_span page = {{watched->next, watched->next_len}, part->span.until};
    const struct stek_etcd_op op = {.read = stek_etcd_read_range,
                                    .caller = {deliver_key, on_page, watched}};
    struct stek_etcd_request request;

    if ((part->names_only ? stek_etcd_ask_names : stek_etcd_ask_range)(
            &page, watched->limit, watched->revision, &request) != STEK_OK ||
        stek_etcd_op_begin(watched->etcd, "KV/Range", &request, &op) != STEK_OK)
        watched->state = STEK_SPAN_IDLE; /* the tick tries again */
}

void stek_etcd_spans_begin(struct stek_etcd *etcd)
{
    for (size_t i = 0; i < etcd->spans_count; i++)
        if (etcd->spans[i].state == STEK_SPAN_IDLE)
            begin_reading(&etcd->spans[i]);
}

void stek_etcd_spans_reset(struct stek_etcd *etcd)
{
    etcd->watch = NULL;
    etcd->server = STEK_SERVER_UNKNOWN;
    etcd->watches = 0;
    for (size_t i = 0; i < etcd->spans_count; i++) {
        etcd->spans[i].state = STEK_SPAN_IDLE;
        etcd->spans[i].refused = false;
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
    begin_reading(watched);
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
    stek_etcd_spans_begin(etcd);
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
