/* SPDX-License-Identifier: Apache-2.0 */
/* What a host does about what it has learnt: its ring first, then the store. */
#include "core/chain.h"
#include "fleet/rules/adopt.h"
#include "fleet/rules/epoch.h"
#include "fleet/rules/operate.h"
#include "fleet/rules/publish.h"
#include "fleet/rules/stagger.h"

#include <string.h>

enum { OPERATION_MS = 10000, OPERATION_AGAIN_MS = 200 };

/*
 * No record covers this host's time, but the ring has one that is to begin (after a revocation by a
 * host whose clock is ahead, over a gap, or since the ones before it were deleted and revoked): it
 * begins here and now. All others hold it already. If it begins later than any host publishes
 * ahead, this host's clock may be wrong; or it does after several revocations, and then the store's
 * clock agrees.
 */
static void begin_early(struct stek_sync *sync, int64_t now)
{
    const int64_t ahead_s = sync->policy.rotate_s * (sync->policy.ahead + 1);
    struct stek_records *records = &sync->records;

    if (stek_records_active(records, now) >= 0)
        return;
    for (size_t i = 0; i < records->count; i++) {
        struct stek_record *record = &records->at[i];
        if (!stek_record_counts(record) || record->active_from <= now)
            continue;
        if (record->active_from - now <= ahead_s || stek_epoch_knows_time(sync))
            record->active_from = now;
        return;
    }
}

/* Times that came from several transactions: a record begins before those after it. */
static void keep_order(struct stek_records *records)
{
    const struct stek_record *after = NULL;

    for (uint64_t i = records->count; i-- > 0;) {
        struct stek_record *record = &records->at[i];
        if (!stek_record_counts(record))
            continue;
        if (after != NULL && record->active_from >= after->active_from)
            record->active_from = after->active_from - 1;
        if (record->active_until <= record->active_from)
            record->active_until = record->active_from + 1;
        if (record->accept_until < record->active_until)
            record->accept_until = record->active_until;
        after = record;
    }
}

/*
 * What begins in less than half an interval and is not published is as good as settled: it is held
 * already, so that tickets open here that a host seals whose clock is ahead.
 */
static enum stek_result hold_next(struct stek_sync *sync, int64_t now)
{
    STEK_SECRET(stek_record) struct stek_record next = {0};
    const struct stek_record *last = stek_records_last(&sync->records);

    if (last == NULL || last->active_from > now ||
        last->active_until - now >= (sync->policy.rotate_s + 1) / 2)
        return STEK_OK;
    next = *last;
    enum stek_result result = stek_chain_continue(&sync->records, &sync->policy, &next);
    if (result == STEK_OK)
        stek_records_insert(&sync->records, &next);
    return result;
}

/* The ring at `now`, by what is known. */
static enum stek_result keep_ring(struct stek_sync *sync, int64_t now)
{
    enum stek_result result = STEK_OK;

    if (sync->synced && !sync->reading)
        stek_adopt_raise(sync);
    stek_adopt_retire(sync, now);
    keep_order(&sync->records);
    if (sync->synced && !sync->reading)
        result = stek_adopt_repair_chain(sync, now);
    begin_early(sync, now);
    if (result == STEK_OK)
        result = stek_records_settle(&sync->records, &sync->policy, now);
    if (result == STEK_OK)
        result = hold_next(sync, now);
    stek_adopt_retire(sync, now);
    return result == STEK_ERR_BUSY ? STEK_OK : result;
}

static void write_out(struct stek_sync *sync, struct stek_sync_actions *actions)
{
    sync->writing = true;
    actions->write = true;
}

static void end_operation(struct stek_sync *sync, const char *problem,
                          struct stek_sync_actions *actions)
{
    sync->op = STEK_SYNC_OP_NONE;
    actions->op = problem == NULL ? STEK_SYNC_OP_DONE : STEK_SYNC_OP_FAILED;
    actions->op_problem = problem;
}

/* An operation comes first, and without delay. */
static enum stek_result operate(struct stek_sync *sync, int64_t now_ms,
                                const struct stek_fresh *fresh, struct stek_sync_actions *actions)
{
    bool ready = false;

    if (sync->op == STEK_SYNC_OP_NONE)
        return STEK_OK;
    if (sync->op_until_ms == 0)
        sync->op_until_ms = now_ms + OPERATION_MS;
    if (stek_operate_is_done(sync, now_ms / 1000)) {
        end_operation(sync, NULL, actions);
        return STEK_OK;
    }
    if (now_ms >= sync->op_until_ms) {
        end_operation(
            sync,
            "the store did not confirm it in time; a transaction in progress may still succeed",
            actions);
        return STEK_OK;
    }
    actions->op = STEK_SYNC_OP_PENDING;
    actions->wake_at_ms = now_ms + OPERATION_AGAIN_MS;
    if (!stek_publish_may(sync))
        return STEK_OK;
    enum stek_result result = stek_operate_write(sync, now_ms / 1000, fresh, &sync->out, &ready);
    if (result == STEK_OK && ready)
        write_out(sync, actions);
    else
        stek_wipe(&sync->out, sizeof sync->out);
    return result;
}

static void wake_at(struct stek_sync_actions *actions, int64_t when_ms)
{
    if (when_ms < actions->wake_at_ms)
        actions->wake_at_ms = when_ms;
}

/*
 * Takes a turn, or a new one if this host has one that is later than any host would take now: the
 * clock may have gone back, or a revocation has left no key since it was taken.
 */
static void take_turn(struct stek_sync *sync, int64_t now_ms, uint64_t dice)
{
    const int64_t width_ms = stek_publish_width_ms(sync, now_ms);

    if (sync->publish_at_ms - now_ms > width_ms)
        sync->publish_at_ms = now_ms + stek_stagger_ms(width_ms, dice);
}

/* Puts what the store should hold and does not, when it is this host's turn. */
static enum stek_result publish(struct stek_sync *sync, int64_t now_ms,
                                const struct stek_fresh *fresh, uint64_t dice,
                                struct stek_sync_actions *actions)
{
    bool needed = false;

    if (!stek_publish_may(sync))
        return STEK_OK;
    enum stek_result result = stek_publish_write(sync, now_ms / 1000, fresh, &sync->out, &needed);
    sync->revoked_here &= sync->out.put_floor;
    if (!needed)
        sync->publish_at_ms = INT64_MAX;
    else if (sync->floor_ahead || sync->op != STEK_SYNC_OP_NONE)
        sync->publish_at_ms = now_ms; /* neither waits for a turn */
    else
        take_turn(sync, now_ms, dice);
    if (needed && now_ms >= sync->publish_at_ms && now_ms >= sync->retry_at_ms) {
        write_out(sync, actions);
        return result;
    }
    stek_wipe(&sync->out, sizeof sync->out);
    if (needed)
        wake_at(actions,
                sync->publish_at_ms > sync->retry_at_ms ? sync->publish_at_ms : sync->retry_at_ms);
    return result;
}

/* Lets go of reports, and tells what changed since the last decision. */
static void tell(struct stek_sync *sync, int64_t now, struct stek_sync_actions *actions)
{
    const struct stek_record *last = stek_records_last(&sync->records);
    struct stek_view view;

    actions->changed = sync->floor != sync->shown_floor ||
                       CRYPTO_memcmp(&sync->records, &sync->shown, sizeof sync->records) != 0;
    sync->shown = sync->records;
    sync->shown_floor = sync->floor;
    actions->report_count = sync->report_count;
    memcpy(actions->report, sync->report, sizeof actions->report);
    sync->report_count = 0;
    stek_records_view(&sync->records, now, &view);
    if (view.valid_until < STEK_TIME_MAX)
        wake_at(actions, view.valid_until * 1000);
    if (view.active >=
        0) { /* one more record is published before the next begins: stek_publish_write() */
        const int64_t lead_at =
            sync->records.at[view.active].active_until - stek_publish_lead_s(sync);
        wake_at(actions, lead_at > now ? lead_at * 1000 : INT64_MAX);
    }
    if (last != NULL && last->active_from <= now) /* see hold_next() */
        wake_at(actions, (last->active_until - (sync->policy.rotate_s + 1) / 2 + 1) * 1000);
}

enum stek_result stek_sync_decide(struct stek_sync *sync, int64_t now_ms,
                                  const struct stek_fresh *fresh, uint64_t dice,
                                  struct stek_sync_actions *ret_actions)
{
    const int64_t now = now_ms / 1000;

    *ret_actions = (struct stek_sync_actions){.wake_at_ms = INT64_MAX};
    if (now < 0 || now > STEK_TIME_MAX >> 1)
        return STEK_ERR_ARGUMENT;
    enum stek_result result = keep_ring(sync, now);
    if (result == STEK_OK && sync->synced && stek_adopt_missing(sync, now))
        sync->read_wanted = true;
    if (result == STEK_OK)
        result = operate(sync, now_ms, fresh, ret_actions);
    if (result == STEK_OK)
        result = publish(sync, now_ms, fresh, dice, ret_actions);
    ret_actions->read =
        sync->synced && sync->read_wanted && !sync->reading && !sync->read_asked && !sync->writing;
    sync->read_asked |= ret_actions->read;
    tell(sync, now, ret_actions);
    return result;
}

bool stek_sync_move(struct stek_sync *sync, int64_t now)
{
    if (!stek_publish_may(sync))
        return false;
    stek_publish_all(sync, now, &sync->out);
    sync->writing = true;
    return true;
}

enum stek_sync_standing stek_sync_standing(const struct stek_sync *sync, int64_t now)
{
    const int active = stek_records_active(&sync->records, now);

    if (stek_records_last(&sync->records) == NULL && !sync->synced)
        return STEK_SYNC_WAITING;
    if (sync->synced && sync->clock_off)
        return STEK_SYNC_CLOCK_OFF;
    if (active < 0)
        return STEK_SYNC_NO_ACTIVE;
    const struct stek_record *record = &sync->records.at[active];
    const bool was_published = !sync->synced && record->origin == STEK_ORIGIN_PUBLISHED;
    return was_published || stek_storeview_has(&sync->view, record->seq) ? STEK_SYNC_IN_STEP
                                                                         : STEK_SYNC_CONTINUED;
}
