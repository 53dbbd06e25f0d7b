/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/fleet.h"

#include "fleet/state.h"
#include "ringfile/locked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <curl/curl.h>
#include <event2/event.h>

enum { PACE_MIN_MS = 500, PACE_MAX_MS = 5000, BACK_OFF_MAX_MS = 30000 };

/* The shortest interval says how fast this fleet has to be. */
static void set_pace(const struct stek_fleet_ring_options *rings, size_t count,
                     struct stek_etcd_options *options)
{
    int64_t quarter_ms = BACK_OFF_MAX_MS;

    for (size_t i = 0; i < count; i++)
        if (rings[i].policy.rotate_s * 250 < quarter_ms)
            quarter_ms = rings[i].policy.rotate_s * 250;
    quarter_ms = quarter_ms < PACE_MIN_MS ? PACE_MIN_MS : quarter_ms;
    options->back_off_max_ms = quarter_ms;
    options->pace_ms = quarter_ms < PACE_MAX_MS ? quarter_ms : PACE_MAX_MS;
}

static void describe_folders(const struct stek_fleet *fleet, struct stek_etcd_span *ret_spans,
                             struct stek_etcd_parts *ret_parts)
{
    for (size_t i = 0; i < fleet->rings_count; i++) {
        const struct stek_fleet_ring *ring = &fleet->rings[i];
        ret_spans[i] = (struct stek_etcd_span){stek_key_name_bytes(&ring->from),
                                               stek_key_name_bytes(&ring->until)};
        stek_fleet_parts(&ret_spans[i], ring->keyed, fleet->keks->count, &ret_parts[i]);
    }
}

static enum stek_result open_etcd(struct stek_fleet *fleet,
                                  const struct stek_fleet_ring_options *rings)
{
    const struct stek_etcd_handlers handlers = stek_fleet_handlers(fleet);
    struct stek_etcd_options options = {.endpoints = fleet->options.endpoints,
                                        .endpoints_count = fleet->options.endpoints_count,
                                        .ca = fleet->options.ca,
                                        .cert = fleet->options.cert,
                                        .key = fleet->options.key,
                                        .spans_count = fleet->rings_count};
    struct stek_etcd_span *spans = calloc(fleet->rings_count, sizeof *spans);
    struct stek_etcd_parts *parts = calloc(fleet->rings_count, sizeof *parts);
    enum stek_result result = STEK_ERR_MEMORY;

    if (spans != NULL && parts != NULL) {
        describe_folders(fleet, spans, parts);
        options.spans = spans;
        options.parts = parts;
        set_pace(rings, fleet->rings_count, &options);
        result = stek_etcd_new(fleet->base, &options, &handlers, &fleet->etcd);
    }
    free(spans);
    free(parts);
    return result;
}

/* All that is secret in one piece of locked memory: the keys, then the rings. */
static enum stek_result map_secrets(struct stek_fleet *fleet, const struct stek_keks *keks)
{
    void *at;

    fleet->locked_len = sizeof *fleet->keks + fleet->rings_count * sizeof *fleet->syncs + 64;
    enum stek_result result = stek_locked_map(fleet->locked_len, STEK_WIPED_ON_FORK, &at);
    if (result != STEK_OK)
        return result;
    fleet->syncs = at;
    fleet->keks = (struct stek_keks *)(void *)(fleet->syncs + fleet->rings_count);
    *fleet->keks = *keks;
    return STEK_OK;
}

static void fleet_close(struct stek_fleet *fleet)
{
    if (fleet == NULL)
        return;
    stek_etcd_free(fleet->etcd); /* its open calls end here, and want the rings */
    stek_fleet_members_close(fleet);
    for (size_t i = 0; i < fleet->rings_count && fleet->rings != NULL; i++)
        stek_fleet_ring_close(&fleet->rings[i]);
    if (fleet->syncs != NULL) {
        stek_wipe(fleet->syncs, fleet->locked_len);
        stek_locked_unmap(fleet->syncs, fleet->locked_len);
    }
    free(fleet->rings);
    free(fleet);
    curl_global_cleanup();
}

static enum stek_result open_rings(struct stek_fleet *fleet,
                                   const struct stek_fleet_ring_options *rings)
{
    enum stek_result result = STEK_OK;

    for (size_t i = 0; result == STEK_OK && i < fleet->rings_count; i++)
        result = stek_fleet_ring_open(fleet, i, &rings[i]);
    return result;
}

static enum stek_result fleet_open(struct event_base *base,
                                   const struct stek_fleet_options *options,
                                   const struct stek_fleet_ring_options *rings, size_t rings_count,
                                   const struct stek_fleet_host *host,
                                   struct stek_fleet **ret_fleet)
{
    struct stek_fleet *fleet;

    if (rings_count == 0 || options->keks->count == 0)
        return STEK_ERR_ARGUMENT;
    fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL)
        return STEK_ERR_MEMORY;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *fleet = (struct stek_fleet){.base = base,
                                 .options = *options,
                                 .host = *host,
                                 .rings_count = rings_count,
                                 .since = stek_fleet_now_ms() / 1000};
    fleet->rings = calloc(rings_count, sizeof *fleet->rings);
    enum stek_result result =
        fleet->rings == NULL ? STEK_ERR_MEMORY : map_secrets(fleet, options->keks);
    if (result == STEK_OK)
        result = open_rings(fleet, rings);
    if (result == STEK_OK)
        result = stek_fleet_members_open(fleet);
    if (result == STEK_OK)
        result = open_etcd(fleet, rings);
    if (result != STEK_OK) {
        fleet_close(fleet);
        return result;
    }
    *ret_fleet = fleet;
    return STEK_OK;
}

static void fleet_describe(const struct stek_fleet *fleet, struct stek_fleet_status *ret_status)
{
    *ret_status = (struct stek_fleet_status){
        .online = fleet->online,
        .since = fleet->since,
        .endpoint = stek_etcd_endpoint(fleet->etcd),
        .fault = stek_etcd_fault_word(fleet->problem.fault),
        .problem = fleet->problem.text,
        .clock_known = fleet->clock_known,
        .clock_ahead_s = fleet->clock_ahead_s,
        .clock_confirmed = stek_fleet_clock_confirmed(fleet),
        .reconnects = fleet->reconnects,
        .writes_won = fleet->writes[STEK_WRITTEN_WON],
        .writes_lost = fleet->writes[STEK_WRITTEN_LOST],
        .writes_refused = fleet->writes[STEK_WRITTEN_REFUSED],
        .writes_ambiguous = fleet->writes[STEK_WRITTEN_AMBIGUOUS],
    };
    for (uint32_t i = 0; i < fleet->keks->count; i++)
        ret_status->epoch[i] = fleet->keks->at[i].epoch;
}

static size_t fleet_rings(const struct stek_fleet *fleet)
{
    return fleet->rings_count;
}

/* The seq of the record that seals after the one at `index`; 0: none. */
static uint64_t next_after(const struct stek_records *records, size_t index)
{
    for (size_t i = index + 1; i < records->count; i++)
        if (stek_record_counts(&records->at[i]))
            return records->at[i].seq;
    return 0;
}

static void fleet_describe_ring(const struct stek_fleet *fleet, size_t index,
                                struct stek_fleet_ring_status *ret_status)
{
    const struct stek_fleet_ring *ring = &fleet->rings[index];
    const struct stek_records *records = &ring->sync->records;
    const int active = stek_records_active(records, stek_fleet_now_ms() / 1000);

    *ret_status = (struct stek_fleet_ring_status){
        .name = ring->name,
        .standing = ring->standing,
        .since = ring->since,
        .synced = ring->sync->synced,
        .held = stek_fleet_ring_held(ring),
        .active = active >= 0 ? records->at[active].seq : 0,
        .next = active >= 0 ? next_after(records, (size_t)active) : 0,
        .floor = ring->sync->floor,
        .revoked_here = ring->sync->revoked_here,
        .foreign = ring->foreign,
        .store_is_older = ring->store_is_older,
        .epoch = ring->sync->view.epoch_highest,
        .problem = ring->problem,
        .op = ring->op,
        .op_problem = ring->op_problem,
    };
    memcpy(ret_status->refused, ring->sync->refused, sizeof ret_status->refused);
}

static const char *fleet_ask(struct stek_fleet *fleet, size_t index, enum stek_sync_op op,
                             uint64_t floor)
{
    struct stek_fleet_ring *ring = &fleet->rings[index];
    const char *problem = stek_sync_ask(ring->sync, op, floor);

    if (problem != NULL)
        return problem;
    ring->op = STEK_SYNC_OP_PENDING;
    ring->op_problem = NULL;
    stek_fleet_ring_soon(ring);
    return NULL;
}

static const char *fleet_revoke_here(struct stek_fleet *fleet, size_t index, uint64_t floor,
                                     uint64_t *ret_count)
{
    return stek_fleet_ring_revoke_here(&fleet->rings[index], floor, ret_count)
               ? NULL
               : "its file cannot be written: stop the servers that use it";
}

static uint64_t fleet_floor_for(const struct stek_fleet *fleet, size_t ring, uint64_t seq)
{
    return stek_sync_floor_for(fleet->rings[ring].sync, seq);
}

static uint64_t fleet_floor_before(const struct stek_fleet *fleet, size_t ring, int64_t when)
{
    return stek_sync_floor_before(fleet->rings[ring].sync, when);
}

__attribute__((visibility("default"))) const struct stek_fleet_api stek_fleet_api = {
    .version = STEK_FLEET_API_VERSION,
    .open = fleet_open,
    .close = fleet_close,
    .check = stek_fleet_check,
    .wake = stek_fleet_decide_all,
    .describe = fleet_describe,
    .rings = fleet_rings,
    .describe_ring = fleet_describe_ring,
    .ask = fleet_ask,
    .revoke_here = fleet_revoke_here,
    .floor_for = fleet_floor_for,
    .floor_before = fleet_floor_before,
    .members = stek_fleet_members_json,
    .rekey = stek_fleet_rekey_begin,
    .rekey_status = stek_fleet_rekey_json,
};
