/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads spans of keys, part by part and page by page, at one revision. Pages grow while they are
 * small enough, so that many keys take few of them.
 */
#include "etcd/state.h"

#include <string.h>

enum { PAGE_KEYS = 64, PAGE_KEYS_MAX = 4096, NAMES = 256, SLOW_PACES = 20 };

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

void stek_etcd_read_span(struct stek_etcd_watched *watched, stek_etcd_read_fn on_read)
{
    watched->on_read = on_read;
    watched->begun_ms = stek_etcd_now_ms();
    watched->slow = false;
    begin_reading(watched);
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

/* Pages go on from one key to the next; anything else could go on for ever. */
static bool is_next(const struct stek_etcd_watched *watched, struct stek_bytes key)
{
    const size_t len = key.len < watched->next_len ? key.len : watched->next_len;
    const int order = memcmp(key.at, watched->next, len);

    return order > 0 || (order == 0 && key.len >= watched->next_len);
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
    if (!is_next(watched, item->key)) {
        stek_etcd_break_with(etcd, STEK_ETCD_PROTOCOL, "a page with keys of another one");
        return;
    }
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
        watched->on_read(watched, problem);
    }
}

static void end_part(struct stek_etcd_watched *watched, const struct stek_etcd_problem *problem)
{
    if (++watched->part < watched->parts.count)
        begin_part(watched);
    else
        watched->on_read(watched, problem);
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
    if (watched->named == watched->paged) {
        stek_etcd_break_with(watched->etcd, STEK_ETCD_PROTOCOL, "a page without a key");
        return;
    }
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

    watched->paged = watched->named;
    if ((part->names_only ? stek_etcd_ask_names : stek_etcd_ask_range)(
            &page, watched->limit, watched->revision, &request) != STEK_OK ||
        stek_etcd_op_begin(watched->etcd, "KV/Range", &request, &op) != STEK_OK)
        watched->state = STEK_SPAN_IDLE; /* the tick tries again */
}

void stek_etcd_tell_if_slow(struct stek_etcd_watched *watched)
{
    struct stek_etcd *etcd = watched->etcd;
    const int64_t most_ms = SLOW_PACES * etcd->options.pace_ms;
    struct stek_etcd_problem problem;

    if (watched->state != STEK_SPAN_READING || watched->slow ||
        stek_etcd_now_ms() - watched->begun_ms < most_ms)
        return;
    watched->slow = true;
    stek_etcd_problem_set(&problem, STEK_ETCD_SILENT, etcd->place.endpoint,
                          "reading goes on and does not come to an end");
    etcd->handlers.on_slow(etcd->handlers.arg, (size_t)(watched - etcd->spans), &problem);
}
