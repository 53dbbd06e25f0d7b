/* SPDX-License-Identifier: Apache-2.0 */
/* One ring: carries out what its sync decides. What the sync is told: stored.c. */
#include "fleet/state.h"

#include "crypto/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <event2/event.h>
#include <event2/util.h>

enum { WAKE_MAX_MS = 3600 * 1000, REPORT_AGAIN_MS = 60000 };

static void draw_fresh(uint32_t count, struct stek_fresh *ret_fresh)
{
    ret_fresh->count = 0;
    while (ret_fresh->count < count &&
           stek_random_secret(&ret_fresh->secret[ret_fresh->count]) == STEK_OK)
        ret_fresh->count++;
}

/* At most once a minute: a writer into the store could fill the log otherwise. */
static bool may_report(struct stek_fleet_ring *ring)
{
    const int64_t now_ms = stek_fleet_now_ms();

    if (ring->reported_ms != 0 && now_ms - ring->reported_ms < REPORT_AGAIN_MS)
        return false;
    ring->reported_ms = now_ms;
    return true;
}

static void report(struct stek_fleet_ring *ring, const struct stek_sync_actions *actions)
{
    if (actions->report_count == 0 || !may_report(ring))
        return;
    for (uint32_t i = 0; i < actions->report_count; i++) {
        const struct stek_sync_report *said = &actions->report[i];
        if (said->seq == 0)
            stek_fleet_log(ring->fleet, LOG_WARNING,
                           "fleet: ring %s: the floor in the store is refused: %s", ring->name,
                           stek_refusal_text(said->refusal));
        else
            stek_fleet_log(ring->fleet, LOG_WARNING,
                           "fleet: ring %s: record %" PRIu64 " in the store is refused: %s",
                           ring->name, said->seq, stek_refusal_text(said->refusal));
    }
}

static const char *standing_text(enum stek_sync_standing standing)
{
    static const char *const texts[] = {
        [STEK_SYNC_WAITING] = "waiting for the store",
        [STEK_SYNC_IN_STEP] = "in step with the fleet",
        [STEK_SYNC_CONTINUED] = "on continuations: no host published keys in time",
        [STEK_SYNC_WRONG_KEY] = ("apart from hosts that keep this ring under another "
                                 "key-encryption key: give every host "
                                 "the same file in kek"),
        [STEK_SYNC_CLOCK_OFF] = "read-only: this host's clock differs too much from the others'",
        [STEK_SYNC_NO_ACTIVE] = "no key is valid at this host's time: is its clock right?",
    };

    return texts[standing];
}

static void note_standing(struct stek_fleet_ring *ring, int64_t now)
{
    enum stek_sync_standing standing = stek_sync_standing(ring->sync, now);

    if (stek_records_last(&ring->sync->records) == NULL && standing == STEK_SYNC_NO_ACTIVE)
        standing = STEK_SYNC_WAITING;
    if (standing == STEK_SYNC_IN_STEP && stek_fleet_stored_other_key(ring))
        standing = STEK_SYNC_WRONG_KEY;
    if (standing == ring->standing && ring->told)
        return;
    ring->told = true;
    ring->standing = standing;
    ring->since = now;
    stek_fleet_log(ring->fleet, standing == STEK_SYNC_IN_STEP ? LOG_INFO : LOG_WARNING,
                   "fleet: ring %s: %s", ring->name, standing_text(standing));
}

static void hand_over(struct stek_fleet_ring *ring)
{
    struct stek_fleet *fleet = ring->fleet;
    errno = 0;
    const bool kept =
        fleet->host.keep(fleet->host.arg, ring->name, &ring->sync->records, ring->sync->floor);

    if (!kept && !ring->keep_failed)
        /* NOLINTBEGIN(concurrency-mt-unsafe): stekd has one thread */
        stek_fleet_log(
            fleet, LOG_ERR,
            "fleet: ring %s: its file cannot be written (%s); new keys are held in memory",
            ring->name, errno != 0 ? strerror(errno) : "it is not kept");
    /* NOLINTEND(concurrency-mt-unsafe) */
    ring->keep_failed = !kept;
    stek_fleet_members_changed(ring->fleet);
}

static void note_op(struct stek_fleet_ring *ring, const struct stek_sync_actions *actions)
{
    if (actions->op == STEK_SYNC_OP_IDLE)
        return;
    ring->op = actions->op;
    ring->op_problem = actions->op == STEK_SYNC_OP_FAILED ? actions->op_problem : NULL;
    if (actions->op == STEK_SYNC_OP_DONE)
        stek_fleet_log(ring->fleet, LOG_NOTICE,
                       "fleet: ring %s: done for the whole fleet; floor %" PRIu64, ring->name,
                       ring->sync->floor);
    else if (actions->op == STEK_SYNC_OP_FAILED)
        stek_fleet_log(ring->fleet, LOG_ERR, "fleet: ring %s: not done: %s", ring->name,
                       actions->op_problem);
}

static void wake_at(struct stek_fleet_ring *ring, int64_t at_ms, int64_t now_ms)
{
    int64_t rest = at_ms > now_ms ? at_ms - now_ms : 1;

    if (rest > WAKE_MAX_MS)
        rest = WAKE_MAX_MS;
    const struct timeval after = {(time_t)(rest / 1000), (suseconds_t)(rest % 1000 * 1000)};
    event_add(ring->wake, &after);
}

static void carry_out(struct stek_fleet_ring *ring, const struct stek_sync_actions *actions,
                      int64_t now_ms)
{
    if (actions->changed)
        hand_over(ring);
    report(ring, actions);
    note_op(ring, actions);
    note_standing(ring, now_ms / 1000);
    wake_at(ring, actions->wake_at_ms, now_ms);
    if (actions->read)
        stek_etcd_reread(ring->fleet->etcd, (size_t)(ring - ring->fleet->rings));
    if (actions->write)
        stek_fleet_write_begin(ring);
}

static void decide(struct stek_fleet_ring *ring)
{
    STEK_SECRET(stek_fresh) struct stek_fresh fresh;
    struct stek_sync_actions actions = {.wake_at_ms = INT64_MAX};
    const int64_t now_ms = stek_fleet_now_ms();
    const uint64_t dice = stek_random_dice();

    stek_fleet_stored_follow(ring);
    stek_fleet_epochs_begin(ring);
    draw_fresh(ring->sync->policy.ahead + 1, &fresh);
    errno = 0;
    const enum stek_result result = stek_sync_decide(ring->sync, now_ms, &fresh, dice, &actions);
    if (result != STEK_OK)
        stek_fleet_log(ring->fleet, LOG_ERR, "fleet: ring %s: %s%s%s", ring->name,
                       stek_result_text(result), errno != 0 ? ": " : "",
                       /* NOLINTNEXTLINE(concurrency-mt-unsafe): stekd has one thread */
                       errno != 0 ? strerror(errno) : "");
    carry_out(ring, &actions, now_ms);
    stek_fleet_epochs_follow(ring);
}

bool stek_fleet_ring_revoke_here(struct stek_fleet_ring *ring, uint64_t floor, uint64_t *ret_count)
{
    STEK_SECRET(stek_fresh) struct stek_fresh fresh;

    draw_fresh(1, &fresh);
    *ret_count = stek_sync_revoke_here(ring->sync, floor, stek_fleet_now_ms() / 1000, &fresh);
    decide(ring);
    stek_fleet_note_floor_here(ring);
    return !ring->keep_failed;
}

static void on_decide(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    decide(arg);
}

enum stek_result stek_fleet_ring_open(struct stek_fleet *fleet, size_t index,
                                      const struct stek_fleet_ring_options *options)
{
    struct stek_fleet_ring *ring = &fleet->rings[index];

    ring->fleet = fleet;
    ring->sync = &fleet->syncs[index];
    snprintf(ring->name, sizeof ring->name, "%s", options->name);
    ring->since = stek_fleet_now_ms() / 1000;
    stek_fleet_stored_init(ring);
    ring->seen = options->seen;
    stek_sync_init(ring->sync, &options->policy, options->records,
                   stek_fleet_seen_floor(ring, options->floor));
    ring->standing = stek_sync_standing(ring->sync, ring->since);
    ring->decide = event_new(fleet->base, -1, 0, on_decide, ring);
    ring->wake = evtimer_new(fleet->base, on_decide, ring);
    if (ring->decide == NULL || ring->wake == NULL)
        return STEK_ERR_MEMORY;
    stek_fleet_ring_soon(ring);
    return STEK_OK;
}

void stek_fleet_ring_close(struct stek_fleet_ring *ring)
{
    if (ring->decide != NULL)
        event_free(ring->decide);
    if (ring->wake != NULL)
        event_free(ring->wake);
}
