/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/rules/choose.h"

#include "core/chain.h"

enum { PAUSE_MAX_S = 10 };

enum stek_result stek_feed_foresee(struct stek_records *records, const struct stek_policy *policy,
                                   int64_t now)
{
    const struct stek_record *last = stek_records_last(records);

    if (last == NULL || stek_records_pending(records, now) > 0 ||
        records->count == STEK_RECORDS_MAX)
        return STEK_OK;
    STEK_SECRET(stek_record) struct stek_record next = *last;
    const enum stek_result result = stek_chain_continue(records, policy, &next);
    if (result == STEK_OK)
        stek_records_append(records, &next);
    return result;
}

static void add(struct stek_feed_choice *choice, size_t room, size_t index)
{
    if (choice->count < room && choice->count < STEK_RECORDS_MAX)
        choice->at[choice->count++] = index;
}

/* The records in this state: future ones from the nearest on, past ones from the newest on. */
static void list(const struct stek_records *records, int64_t now, enum stek_state state,
                 struct stek_feed_choice *ret_list)
{
    ret_list->count = 0;
    for (size_t i = 0; i < records->count; i++) {
        const size_t index = state == STEK_STATE_PENDING ? i : (size_t)records->count - 1 - i;
        if (stek_record_state(records, index, now) == state)
            add(ret_list, STEK_RECORDS_MAX, index);
    }
}

/* The active record, and the others around it. */
struct around {
    size_t active;
    struct stek_feed_choice future, past;
};

/* False: no record is active. */
static bool look_around(const struct stek_records *records, int64_t now, struct around *ret_around)
{
    const int active = stek_records_active(records, now);

    if (active < 0)
        return false;
    ret_around->active = (size_t)active;
    list(records, now, STEK_STATE_PENDING, &ret_around->future);
    list(records, now, STEK_STATE_DRAINING, &ret_around->past);
    return true;
}

void stek_feed_choose(const struct stek_records *records, int64_t now, size_t room,
                      struct stek_feed_choice *ret_choice)
{
    struct around around;

    ret_choice->count = 0;
    if (!look_around(records, now, &around))
        return;
    add(ret_choice, room, around.active);
    if (around.future.count > 0)
        add(ret_choice, room, around.future.at[0]);
    if (around.past.count > 0)
        add(ret_choice, room, around.past.at[0]);
    for (size_t i = 1; i < around.future.count; i++)
        add(ret_choice, room, around.future.at[i]);
    for (size_t i = 1; i < around.past.count; i++)
        add(ret_choice, room, around.past.at[i]);
}

void stek_feed_line_up(const struct stek_records *records, int64_t now, size_t places,
                       struct stek_feed_choice *ret_choice)
{
    struct around around;

    ret_choice->count = 0;
    if (!look_around(records, now, &around))
        return;
    ret_choice->count = places;
    for (size_t i = 0; i + 2 < places; i++) {
        const size_t more = 1 + i - around.past.count; /* used only where the past is over */
        const size_t filler = more < around.future.count ? around.future.at[more] : around.active;
        ret_choice->at[places - 3 - i] = i < around.past.count ? around.past.at[i] : filler;
    }
    ret_choice->at[places - 2] = around.active;
    ret_choice->at[places - 1] = around.future.count > 0 ? around.future.at[0] : around.active;
}

void stek_feed_choose_early(const struct stek_records *records, int64_t now, int64_t early_s,
                            struct stek_feed_choice *ret_choice)
{
    struct around around;

    ret_choice->count = 0;
    if (!look_around(records, now, &around))
        return;
    const bool has_next = around.future.count > 0;
    const size_t next = has_next ? around.future.at[0] : around.active;
    const bool begins_soon = records->at[next].active_from <= now + early_s;
    add(ret_choice, 1, begins_soon ? next : around.active);
}

int64_t stek_feed_pause_s(unsigned failures)
{
    int64_t pause = 1;

    while (failures > 1 && pause < PAUSE_MAX_S) {
        pause *= 2;
        failures--;
    }
    return pause < PAUSE_MAX_S ? pause : PAUSE_MAX_S;
}
