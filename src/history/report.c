/* SPDX-License-Identifier: Apache-2.0 */
#include "history/report.h"

#include <string.h>

/* A key that seals for a tenth longer than it should is late; the second is for short policies. */
enum { SLACK_PART = 10, SLACK_S = 1 };

void stek_report_init(int64_t since, int64_t until, struct stek_report *ret_report)
{
    memset(ret_report, 0, sizeof *ret_report);
    ret_report->since = since;
    ret_report->until = until;
    ret_report->begins = -1;
    ret_report->last = -1;
}

/* ---- rings by name ---- */

/* The place in the table where this name is, or would be. */
static size_t place_of(const struct stek_report *report, const char *name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (const char *at = name; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    size_t place = hash % STEK_REPORT_PLACES;
    while (report->place[place] != 0 &&
           strcmp(report->ring[report->place[place] - 1].name, name) != 0)
        place = (place + 1) % STEK_REPORT_PLACES;
    return place;
}

const struct stek_report_ring *stek_report_find(const struct stek_report *report, const char *name)
{
    const size_t place = place_of(report, name);

    return report->place[place] != 0 ? &report->ring[report->place[place] - 1] : NULL;
}

static struct stek_report_ring *find_or_add(struct stek_report *report, const char *name)
{
    const size_t place = place_of(report, name);

    if (report->place[place] != 0)
        return &report->ring[report->place[place] - 1];
    if (report->ring_count == STEK_REPORT_RINGS_MAX) {
        report->rings_left_out++;
        return NULL;
    }
    struct stek_report_ring *ring = &report->ring[report->ring_count++];
    report->place[place] = (uint16_t)report->ring_count;
    *ring = (struct stek_report_ring){.rotate_s = -1,
                                      .accept_s = -1,
                                      .seq = -1,
                                      .key_from = -1,
                                      .continued_from = -1,
                                      .unkept_from = -1};
    memcpy(ring->name, name, strlen(name) + 1);
    return ring;
}

/* ---- gaps ---- */

/* One that ended before the period, or lasted no time, is none. */
static void add_gap(struct stek_report *report, enum stek_gap_kind kind,
                    struct stek_report_ring *ring, int64_t from, int64_t until)
{
    if (until >= 0 && (until <= report->since || until <= from))
        return;
    struct stek_report_gap *gap = &report->gap[report->gap_count++ % STEK_REPORT_GAPS_MAX];
    *gap = (struct stek_report_gap){.kind = kind, .from = from, .until = until};
    if (ring == NULL)
        return;
    ring->troubles++;
    memcpy(gap->ring, ring->name, sizeof gap->ring);
}

static int64_t longer(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* Until when a key that began to seal at `from` may: `keys` of them, one after the other. */
static int64_t may_seal_s(const struct stek_report_ring *ring, int64_t keys)
{
    return keys * (ring->key_rotate_s + ring->key_rotate_s / SLACK_PART + SLACK_S);
}

/* The key has sealed until then; `goes_on`: and does. `keys`: how many were its time's. */
static void judge_key(struct stek_report *report, struct stek_report_ring *ring, int64_t until,
                      int64_t keys, bool goes_on)
{
    const int64_t sealed = until - ring->key_from;

    if (ring->key_from < 0 || sealed < 0 || until < report->since)
        return;
    if (keys == 1)
        ring->longest_s = longer(ring->longest_s, sealed);
    if (ring->key_rotate_s < 0 || sealed <= may_seal_s(ring, keys))
        return;
    ring->late++;
    add_gap(report, STEK_GAP_LATE, ring, ring->key_from + ring->key_rotate_s, goes_on ? -1 : until);
}

static void end_continuation(struct stek_report *report, struct stek_report_ring *ring,
                             int64_t until)
{
    if (ring->continued_from >= 0)
        add_gap(report, STEK_GAP_NO_FRESH, ring, ring->continued_from, until);
    ring->continued_from = -1;
}

static void end_unkept(struct stek_report *report, struct stek_report_ring *ring, int64_t until)
{
    if (ring->unkept_from >= 0)
        add_gap(report, STEK_GAP_NOT_KEPT, ring, ring->unkept_from, until);
    ring->unkept_from = -1;
}

/* ---- entries ---- */

/* No key of it seals from then on. */
static void end_ring(struct stek_report *report, struct stek_report_ring *ring, int64_t when)
{
    judge_key(report, ring, when, 1, false);
    end_continuation(report, ring, when);
    ring->key_from = -1;
    ring->seq = -1;
}

static void take_kept(struct stek_report *report, const struct stek_history_entry *entry)
{
    struct stek_report_ring *ring = find_or_add(report, entry->ring);

    if (ring == NULL)
        return;
    end_unkept(report, ring, entry->when);
    if (entry->number == 1) /* its earlier keys went with the host's memory */
        end_ring(report, ring, ring->away ? report->down_from : entry->when);
    ring->gone = false;
    ring->rotate_s = entry->one;
    ring->accept_s = entry->other;
    ring->key_rotate_s = longer(ring->key_rotate_s, entry->one);
    memcpy(ring->source, entry->word, sizeof ring->source);
}

static void take_unkept(struct stek_report *report, const struct stek_history_entry *entry)
{
    struct stek_report_ring *ring = find_or_add(report, entry->ring);

    if (ring == NULL)
        return;
    ring->gone = false;
    ring->away = true;
    if (ring->unkept_from < 0)
        ring->unkept_from = entry->when;
}

static void take_gone(struct stek_report *report, const struct stek_history_entry *entry)
{
    struct stek_report_ring *ring = find_or_add(report, entry->ring);

    if (ring == NULL)
        return;
    end_unkept(report, ring, entry->when);
    end_ring(report, ring, entry->when);
    ring->gone = true;
}

/* How many keys had the time until this one: if stekd was away, its numbers tell of some that
 * nobody saw. A number may also jump, so there are no more than had time to seal. */
static int64_t keys_between(const struct stek_report_ring *ring,
                            const struct stek_history_entry *entry)
{
    if (!ring->away || ring->seq < 0 || entry->number <= ring->seq || ring->key_rotate_s <= 0 ||
        entry->one <= ring->key_from)
        return 1;
    const int64_t by_number = entry->number - ring->seq;
    const int64_t by_time = (entry->one - ring->key_from) / ring->key_rotate_s + 1;
    return by_number < by_time ? by_number : by_time;
}

/* The keys of a ring with a seed are always continuations. */
static bool lacks_fresh_key(const struct stek_report_ring *ring,
                            const struct stek_history_entry *entry)
{
    return strcmp(entry->word, "continued") == 0 && strcmp(ring->source, "seed") != 0;
}

static void take_rotated(struct stek_report *report, const struct stek_history_entry *entry)
{
    struct stek_report_ring *ring = find_or_add(report, entry->ring);

    /* After a start, keys may be told of a second time. */
    if (ring == NULL || entry->number < 0 || entry->one < 0 ||
        (entry->number <= ring->seq && entry->one <= ring->key_from))
        return;
    const int64_t keys = keys_between(ring, entry);
    judge_key(report, ring, entry->one, keys, false);
    if (entry->one >= report->since) {
        ring->keys++;
        ring->unseen += (uint64_t)(keys - 1);
        ring->continued += lacks_fresh_key(ring, entry);
    }
    if (!lacks_fresh_key(ring, entry))
        end_continuation(report, ring, entry->one);
    else if (ring->continued_from < 0)
        ring->continued_from = entry->one;
    ring->seq = entry->number;
    ring->key_from = entry->one;
    ring->key_rotate_s = ring->rotate_s;
    ring->away = false;
}

static void take_started(struct stek_report *report, const struct stek_history_entry *entry)
{
    if (report->last >= 0)
        add_gap(report, report->stopped ? STEK_GAP_STOPPED : STEK_GAP_ENDED, NULL, report->last,
                entry->when);
    report->down_from = report->last;
    for (size_t i = 0; i < report->ring_count; i++)
        report->ring[i].away = true;
}

static void take_lost(struct stek_report *report, const struct stek_history_entry *entry)
{
    report->lost += entry->number > 0 ? (uint64_t)entry->number : 0;
    add_gap(report, STEK_GAP_LOST, NULL, entry->one, entry->when);
    for (size_t i = 0; i < report->ring_count; i++)
        report->ring[i].away = true;
}

static void add_event(struct stek_report *report, const struct stek_history_entry *entry)
{
    if (entry->when >= report->since)
        report->event[report->event_count++ % STEK_REPORT_EVENTS_MAX] = *entry;
}

static void take_by_kind(struct stek_report *report, const struct stek_history_entry *entry)
{
    switch (entry->kind) {
    case STEK_HISTORY_STARTED:
        take_started(report, entry);
        break;
    case STEK_HISTORY_LOST:
        take_lost(report, entry);
        break;
    case STEK_HISTORY_KEPT:
        take_kept(report, entry);
        break;
    case STEK_HISTORY_UNKEPT:
        take_unkept(report, entry);
        break;
    case STEK_HISTORY_GONE:
        take_gone(report, entry);
        break;
    case STEK_HISTORY_ROTATED:
        take_rotated(report, entry);
        break;
    case STEK_HISTORY_ORDER:
    case STEK_HISTORY_REFUSED:
    case STEK_HISTORY_RELOAD:
        add_event(report, entry);
        break;
    default:
        break;
    }
}

void stek_report_take(struct stek_report *report, const struct stek_history_entry *entry)
{
    if (report->begins < 0)
        report->begins = entry->when;
    take_by_kind(report, entry);
    report->last = entry->when;
    report->stopped = entry->kind == STEK_HISTORY_STOPPED;
}

/* ---- the end ---- */

static void sort_gaps(struct stek_report *report)
{
    const size_t count =
        report->gap_count < STEK_REPORT_GAPS_MAX ? (size_t)report->gap_count : STEK_REPORT_GAPS_MAX;

    for (size_t i = 1; i < count; i++) {
        const struct stek_report_gap gap = report->gap[i];
        size_t at = i;
        for (; at > 0 && report->gap[at - 1].from > gap.from; at--)
            report->gap[at] = report->gap[at - 1];
        report->gap[at] = gap;
    }
}

void stek_report_end(struct stek_report *report)
{
    for (size_t i = 0; i < report->ring_count; i++) {
        struct stek_report_ring *ring = &report->ring[i];
        judge_key(report, ring, report->until, 1, true);
        end_continuation(report, ring, -1);
        end_unkept(report, ring, -1);
    }
    sort_gaps(report);
}

bool stek_report_as_policy(const struct stek_report_ring *ring)
{
    return ring->late == 0 && ring->continued == 0 && ring->troubles == 0;
}
