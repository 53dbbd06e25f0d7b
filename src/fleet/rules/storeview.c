/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/storeview.h"

#include <stddef.h>
#include <string.h>

const char *stek_refusal_text(enum stek_refusal refusal)
{
    static const char *const texts[STEK_REFUSALS] = {
        [STEK_REFUSAL_NONE] = "nothing is wrong with it",
        [STEK_REFUSAL_WRONG_KEY] = "this host's key-encryption keys do not open it",
        [STEK_REFUSAL_MALFORMED] = "it is not a value that stek wrote",
        [STEK_REFUSAL_MISPLACED] = "it was sealed for another ring, seq or time",
        [STEK_REFUSAL_UNSOUND] = "its times or its secret are invalid",
        [STEK_REFUSAL_BACKWARDS] = "it would move the ring backwards",
        [STEK_REFUSAL_BELOW_FLOOR] = "it was revoked",
        [STEK_REFUSAL_CHANGED] = "it replaced another secret, which now only opens tickets",
        [STEK_REFUSAL_FLOOR_FELL] = "a higher floor was seen before and still holds",
    };

    return refusal < STEK_REFUSALS ? texts[refusal] : "unknown";
}

/* The place of the first entry with this seq or a higher one. */
static uint32_t place_of(const struct stek_storeview *view, uint64_t seq)
{
    uint32_t place = 0;

    while (place < view->count && view->at[place].seq < seq)
        place++;
    return place;
}

struct stek_storeview_entry *stek_storeview_find(struct stek_storeview *view, uint64_t seq)
{
    const uint32_t place = place_of(view, seq);

    return place < view->count && view->at[place].seq == seq ? &view->at[place] : NULL;
}

bool stek_storeview_has(const struct stek_storeview *view, uint64_t seq)
{
    const uint32_t place = place_of(view, seq);

    return place < view->count && view->at[place].seq == seq &&
           view->at[place].presence != STEK_PRESENCE_ABSENT;
}

static void remove_entry(struct stek_storeview *view, uint32_t place)
{
    memmove(&view->at[place], &view->at[place + 1], (view->count - place - 1) * sizeof *view->at);
    view->count--;
}

static bool may_be_forgotten(const struct stek_storeview_entry *entry, int64_t now)
{
    return entry->presence == STEK_PRESENCE_ABSENT || entry->presence == STEK_PRESENCE_REFUSED ||
           entry->accept_until <= now;
}

struct stek_storeview_entry *stek_storeview_add(struct stek_storeview *view, uint64_t seq,
                                                int64_t now)
{
    struct stek_storeview_entry *known = stek_storeview_find(view, seq);

    if (known != NULL)
        return known;
    if (view->count == STEK_STOREVIEW_MAX) {
        if (view->at[0].seq > seq || !may_be_forgotten(&view->at[0], now))
            return NULL;
        remove_entry(view, 0);
    }
    const uint32_t place = place_of(view, seq);
    memmove(&view->at[place + 1], &view->at[place], (view->count - place) * sizeof *view->at);
    view->at[place] = (struct stek_storeview_entry){.seq = seq};
    view->count++;
    return &view->at[place];
}

uint64_t stek_storeview_last(const struct stek_storeview *view)
{
    for (uint32_t i = view->count; i-- > 0;)
        if (view->at[i].presence == STEK_PRESENCE_HELD ||
            view->at[i].presence == STEK_PRESENCE_IDLE)
            return view->at[i].seq;
    return 0;
}

uint64_t stek_storeview_highest(const struct stek_storeview *view)
{
    for (uint32_t i = view->count; i-- > 0;)
        if (view->at[i].presence != STEK_PRESENCE_ABSENT)
            return view->at[i].seq;
    return 0;
}

void stek_storeview_note(struct stek_storeview *view, int64_t revision)
{
    if (revision > view->revision)
        view->revision = revision;
}

void stek_storeview_begin(struct stek_storeview *view, int64_t revision)
{
    view->read_revision = revision;
    view->floor_seen = view->floor_revision > revision;
    for (uint32_t i = 0; i < view->count; i++)
        view->at[i].seen = view->at[i].revision > revision;
}

void stek_storeview_end(struct stek_storeview *view)
{
    stek_storeview_note(view, view->read_revision);
    if (!view->floor_seen) {
        view->floor_revision = 0;
        view->floor_good = false;
    }
    for (uint32_t i = view->count; i-- > 0;)
        if (!view->at[i].seen || view->at[i].presence == STEK_PRESENCE_ABSENT)
            remove_entry(view, i);
}
