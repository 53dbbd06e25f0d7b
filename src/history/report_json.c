/* SPDX-License-Identifier: Apache-2.0 */
/* A report as JSON: docs/formats.md, "Report". */
#include "history/report.h"

#include <string.h>

static const char *const gap_words[] = {[STEK_GAP_STOPPED] = "stekd-stopped",
                                        [STEK_GAP_ENDED] = "stekd-ended",
                                        [STEK_GAP_LOST] = "history-lost",
                                        [STEK_GAP_NO_FRESH] = "no-fresh-key",
                                        [STEK_GAP_LATE] = "late",
                                        [STEK_GAP_NOT_KEPT] = "not-kept"};

/* Appends; takes `value`, and fails when that is NULL. */
static bool append(json_t *list, json_t *value)
{
    return json_array_append_new(list, value) == 0;
}

/* Less than 0 stands for none. */
static json_t *number_json(int64_t number)
{
    return number >= 0 ? json_integer((json_int_t)number) : json_null();
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* Whether what is told of this ring is asked for; what concerns all rings always is. */
static bool is_asked(const char *ring, const char *only)
{
    return only == NULL || ring[0] == '\0' || strcmp(ring, only) == 0;
}

static json_t *ring_json(const struct stek_report_ring *ring)
{
    return json_pack("{s:s, s:s?, s:b, s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:I}", "name", ring->name,
                     "source", or_null(ring->source), "gone", ring->gone, "rotate_s",
                     number_json(ring->rotate_s), "accept_s", number_json(ring->accept_s),
                     "as_policy", stek_report_as_policy(ring), "keys", (json_int_t)ring->keys,
                     "continued", (json_int_t)ring->continued, "unseen", (json_int_t)ring->unseen,
                     "late", (json_int_t)ring->late, "longest_s", (json_int_t)ring->longest_s);
}

/* A ring that went before the period is none of it. */
static bool is_in_period(const struct stek_report_ring *ring)
{
    return !ring->gone || ring->keys > 0 || ring->longest_s > 0 || ring->troubles > 0;
}

static bool add_rings(const struct stek_report *report, const char *only, json_t *list)
{
    for (size_t i = 0; i < report->ring_count; i++)
        if (is_asked(report->ring[i].name, only) && is_in_period(&report->ring[i]) &&
            !append(list, ring_json(&report->ring[i])))
            return false;
    return true;
}

static json_t *gap_json(const struct stek_report_gap *gap)
{
    return json_pack("{s:s, s:s?, s:I, s:o}", "kind", gap_words[gap->kind], "ring",
                     or_null(gap->ring), "from", (json_int_t)gap->from, "until",
                     number_json(gap->until));
}

static bool add_gaps(const struct stek_report *report, const char *only, json_t *list)
{
    for (size_t i = 0; i < report->gap_count && i < STEK_REPORT_GAPS_MAX; i++)
        if (is_asked(report->gap[i].ring, only) && !append(list, gap_json(&report->gap[i])))
            return false;
    return true;
}

static json_t *event_json(const struct stek_history_entry *event)
{
    const bool reload = event->kind == STEK_HISTORY_RELOAD;
    const bool refused = event->kind == STEK_HISTORY_REFUSED;

    return json_pack("{s:I, s:s, s:s?, s:o, s:o, s:o, s:s?}", "time", (json_int_t)event->when,
                     "what", reload ? "reload" : event->word, "ring", or_null(event->ring), "uid",
                     number_json(event->uid), "pid", number_json(event->pid), "revoked",
                     number_json(reload ? -1 : event->number), "refused",
                     refused ? event->text : NULL);
}

/* The oldest that is held first. */
static bool add_events(const struct stek_report *report, const char *only, json_t *list)
{
    const uint64_t first = report->event_count > STEK_REPORT_EVENTS_MAX
                               ? report->event_count - STEK_REPORT_EVENTS_MAX
                               : 0;

    for (uint64_t i = first; i < report->event_count; i++) {
        const struct stek_history_entry *event = &report->event[i % STEK_REPORT_EVENTS_MAX];
        if (is_asked(event->ring, only) && !append(list, event_json(event)))
            return false;
    }
    return true;
}

static json_int_t beyond(uint64_t count, uint64_t max)
{
    return count > max ? (json_int_t)(count - max) : 0;
}

json_t *stek_report_json(const struct stek_report *report, const char *only)
{
    json_t *rings = json_array();
    json_t *gaps = json_array();
    json_t *events = json_array();

    if (add_rings(report, only, rings) && add_gaps(report, only, gaps) &&
        add_events(report, only, events))
        return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:{s:I, s:I, s:I}, s:I, s:I}", "since",
                         (json_int_t)report->since, "until", (json_int_t)report->until, "begins",
                         number_json(report->begins), "rings", rings, "gaps", gaps, "events",
                         events, "left_out", "rings", (json_int_t)report->rings_left_out, "gaps",
                         beyond(report->gap_count, STEK_REPORT_GAPS_MAX), "events",
                         beyond(report->event_count, STEK_REPORT_EVENTS_MAX), "damaged",
                         (json_int_t)report->damaged, "lost", (json_int_t)report->lost);
    json_decref(rings);
    json_decref(gaps);
    json_decref(events);
    return NULL;
}
