/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out the writes of a ring's sync: a lease if records are put, then one transaction. */
#include "fleet/state.h"

#include "fleet/rules/epoch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* The texts that a transaction refers to. */
struct parts {
    const struct stek_kek *kek; /* and its folder: where the values go */
    const struct stek_fleet_keyed *keyed;
    struct stek_key_name key[STEK_RECORDS_MAX + 2];
    uint8_t value[STEK_RECORDS_MAX + 1][STEK_ENVELOPE_LEN_MAX];
    struct stek_etcd_put put[STEK_RECORDS_MAX + 2];
    struct stek_key_name first, below;
    struct stek_etcd_write write;
};

/* Where the values of the transaction go. */
static const struct stek_fleet_keyed *target(const struct stek_fleet_ring *ring)
{
    return &ring->keyed[ring->moving ? 0 : ring->active];
}

/*
 * The lease's number follows from what is put, so that hosts that put the same at the same time
 * share one lease: the ones whose put comes late leave nothing behind. FNV-1a; only distinct, not
 * secret.
 */
static int64_t lease_id(const struct stek_fleet_ring *ring)
{
    uint64_t hash = 0xcbf29ce484222325U;
    const uint64_t numbers[] = {ring->sync->out.put[0].record.seq,
                                (uint64_t)ring->sync->out.lease_s};

    for (const char *at = target(ring)->from.text; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3U;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (unsigned byte = 0; byte < 8; byte++)
            hash = (hash ^ (numbers[i] >> (8 * byte) & 0xff)) * 0x100000001b3U;
    return (int64_t)(hash >> 1 | 1);
}

/* A move: what the view says of the old place counts no more. */
static void finish_move(struct stek_fleet_ring *ring, enum stek_written outcome)
{
    const bool won = outcome == STEK_WRITTEN_WON;
    const uint32_t count = ring->sync->out.count + 1;

    ring->moving = false;
    stek_sync_written(ring->sync, won ? STEK_WRITTEN_LOST : outcome, 0, stek_fleet_now_ms());
    if (won)
        stek_fleet_stored_work_in(ring, 0);
    stek_fleet_rekey_moved(ring, count, won);
}

static void finish(struct stek_fleet_ring *ring, enum stek_written outcome, int64_t revision)
{
    ring->fleet->writes[outcome]++;
    if (outcome == STEK_WRITTEN_WON && ring->sync->revoked_here && ring->sync->out.put_floor)
        stek_fleet_log(ring->fleet, LOG_NOTICE,
                       "fleet: ring %s: what was revoked on this host is revoked on all: floor "
                       "%" PRIu64,
                       ring->name, ring->sync->out.floor);
    if (ring->moving) {
        finish_move(ring, outcome);
        return;
    }
    stek_sync_written(ring->sync, outcome, revision, stek_fleet_now_ms());
    stek_fleet_ring_soon(ring);
}

static void note_problem(struct stek_fleet_ring *ring, const struct stek_etcd_problem *problem)
{
    if (problem->fault == STEK_ETCD_OK) {
        if (ring->problem[0] != '\0')
            stek_fleet_log(ring->fleet, LOG_NOTICE, "fleet: ring %s: the store takes writes again",
                           ring->name);
        ring->problem[0] = '\0';
        return;
    }
    if (stek_etcd_is_endpoints_fault(problem->fault))
        return; /* the connection's state tells it */
    if (strcmp(ring->problem, problem->text) != 0)
        stek_fleet_log(ring->fleet, LOG_ERR, "fleet: ring %s: cannot write to the store: %s",
                       ring->name, problem->text);
    memcpy(ring->problem, problem->text, sizeof ring->problem);
}

static void on_written(void *arg, const struct stek_etcd_problem *problem,
                       const struct stek_etcd_answer *answer)
{
    struct stek_fleet_ring *ring = arg;

    note_problem(ring, problem);
    if (answer != NULL)
        finish(ring, answer->succeeded ? STEK_WRITTEN_WON : STEK_WRITTEN_LOST, answer->revision);
    else
        finish(ring,
               stek_etcd_is_ambiguous(problem->fault) ? STEK_WRITTEN_AMBIGUOUS
                                                      : STEK_WRITTEN_REFUSED,
               0);
}

static int64_t compared(int64_t expect)
{
    return expect > 0 ? expect : -1;
}

static enum stek_result add_floor(const struct stek_fleet_ring *ring, struct parts *parts)
{
    const struct stek_sync_write *out = &ring->sync->out;
    struct stek_etcd_put *put = &parts->put[0];
    enum stek_result result = STEK_OK;

    stek_name_floor(ring->fleet->options.prefix, parts->keyed->folder.text, &parts->key[0]);
    *put = (struct stek_etcd_put){.key = stek_key_name_bytes(&parts->key[0]),
                                  .expected = compared(ring->moving ? 0 : out->floor_expect)};
    if (out->put_floor) {
        result = stek_envelope_seal_floor(parts->kek, out->epoch, ring->name, out->floor,
                                          stek_fleet_now_ms() / 1000, parts->value[0]);
        put->value = (struct stek_bytes){parts->value[0], STEK_ENVELOPE_FLOOR_LEN};
    }
    return result;
}

static enum stek_result add_record(const struct stek_fleet_ring *ring, uint32_t index,
                                   struct parts *parts)
{
    const struct stek_sync_put *wanted = &ring->sync->out.put[index];
    const uint64_t epoch = stek_epoch_for_record(&wanted->record, ring->sync->out.epoch);
    const uint32_t place = index + 1;

    stek_name_record(ring->fleet->options.prefix, parts->keyed->folder.text, wanted->record.seq,
                     &parts->key[place]);
    parts->put[place] =
        (struct stek_etcd_put){.key = stek_key_name_bytes(&parts->key[place]),
                               .value = {parts->value[place], STEK_ENVELOPE_RECORD_LEN},
                               .lease = ring->lease,
                               .expected = compared(wanted->expect)};
    return stek_envelope_seal_record(parts->kek, epoch, ring->name, &wanted->record,
                                     parts->value[place]);
}

static void add_deletion(const struct stek_fleet_ring *ring, struct parts *parts)
{
    const char *prefix = ring->fleet->options.prefix;
    const uint64_t below = ring->sync->out.delete_below;

    if (below <= 1)
        return;
    stek_name_record(prefix, parts->keyed->folder.text, 0, &parts->first);
    stek_name_record(prefix, parts->keyed->folder.text, below, &parts->below);
    parts->write.deleted = (struct stek_etcd_span){stek_key_name_bytes(&parts->first),
                                                   stek_key_name_bytes(&parts->below)};
}

/* The old folder goes, if its floor is still the one that is known. */
static void add_departure(const struct stek_fleet_ring *ring, struct parts *parts)
{
    const struct stek_fleet_keyed *old = &ring->keyed[ring->active];
    struct stek_key_name *name = &parts->key[parts->write.count];

    stek_name_floor(ring->fleet->options.prefix, old->folder.text, name);
    parts->put[parts->write.count] = (struct stek_etcd_put){
        .key = stek_key_name_bytes(name), .expected = compared(ring->sync->out.floor_expect)};
    parts->write.count++;
    parts->write.deleted = parts->write.basis;
}

/* Puts the transaction together; everything secret in it is sealed. */
static enum stek_result compose(const struct stek_fleet_ring *ring, struct parts *parts)
{
    const struct stek_sync_write *out = &ring->sync->out;
    const struct stek_fleet_keyed *known = &ring->keyed[ring->active];

    parts->keyed = target(ring);
    parts->kek = &ring->fleet->keks->at[parts->keyed - ring->keyed];
    enum stek_result result = add_floor(ring, parts);
    for (uint32_t i = 0; result == STEK_OK && i < out->count; i++)
        result = add_record(ring, i, parts);
    parts->write = (struct stek_etcd_write){
        .count = out->count + 1,
        .puts = parts->put,
        .basis = {stek_key_name_bytes(&known->from), stek_key_name_bytes(&known->until)},
        .based_on = out->based_on,
    };
    if (ring->moving)
        add_departure(ring, parts);
    else
        add_deletion(ring, parts);
    return result;
}

static void write_now(struct stek_fleet_ring *ring)
{
    const struct stek_etcd_caller caller = {NULL, on_written, ring};

    if (!ring->sync->writing) { /* the ring has gone elsewhere while the lease was asked for */
        finish(ring, STEK_WRITTEN_LOST, 0);
        return;
    }
    struct parts *parts = malloc(sizeof *parts);
    enum stek_result result = parts != NULL ? compose(ring, parts) : STEK_ERR_MEMORY;

    if (result == STEK_OK)
        result = stek_etcd_write(ring->fleet->etcd, &parts->write, &caller);
    free(parts);
    if (result != STEK_OK)
        finish(ring, STEK_WRITTEN_REFUSED, 0);
}

static void on_lease(void *arg, const struct stek_etcd_problem *problem,
                     const struct stek_etcd_answer *answer)
{
    struct stek_fleet_ring *ring = arg;

    if (answer != NULL || problem->fault == STEK_ETCD_EXISTS) {
        write_now(ring);
        return;
    }
    note_problem(ring, problem);
    finish(ring, STEK_WRITTEN_REFUSED, 0);
}

void stek_fleet_write_begin(struct stek_fleet_ring *ring)
{
    const struct stek_etcd_caller caller = {NULL, on_lease, ring};

    if (ring->sync->out.count == 0) {
        write_now(ring);
        return;
    }
    ring->lease = lease_id(ring);
    if (stek_etcd_lease(ring->fleet->etcd, ring->lease, ring->sync->out.lease_s, &caller) !=
        STEK_OK)
        finish(ring, STEK_WRITTEN_REFUSED, 0);
}
