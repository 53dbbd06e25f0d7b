/* SPDX-License-Identifier: Apache-2.0 */
/* A store that does what etcd does: revisions, transactions, leases, a log for watches, compaction.
 */
#include "oracle.h"

#include "fleet/rules/epoch.h"

#include <stdlib.h>

enum { VALUE_BYTES = 220 }; /* about what a sealed record and its key take */

void sim_store_init(struct sim *sim)
{
    sim->store = (struct sim_store){.revision = 1};
}

void sim_store_fini(struct sim *sim)
{
    free(sim->store.value);
    free(sim->store.log);
    free(sim->store.past);
    free(sim->saved.value);
}

void sim_store_show(const struct sim *sim)
{
    sim_trace(sim, "the store, floor %llu:", (unsigned long long)sim->store.floor);
    for (size_t i = 0; i < sim->store.count; i++) {
        const struct sim_value *value = &sim->store.value[i];
        if (value->there && !value->foreign)
            sim_trace(sim, "  seq %llu %02x%02x: opens until %lld", (unsigned long long)value->seq,
                      value->record.secret.bytes[0], value->record.secret.bytes[1],
                      (long long)(value->record.accept_until - sim->now / 1000));
    }
}

static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity * 2 + 64;
    array = realloc(array, *capacity * size);
    if (array == NULL)
        abort();
    return array;
}

struct sim_value *sim_store_find(struct sim_store *store, uint64_t seq)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->value[i].seq == seq && store->value[i].there)
            return &store->value[i];
    return NULL;
}

/* An adversary records what hosts put. */
static void record_put(struct sim_store *store, const struct sim_change *change)
{
    store->past = grown(store->past, store->past_count, &store->past_capacity, sizeof *store->past);
    store->past[store->past_count++] = *change;
}

static void log_change(struct sim_store *store, const struct sim_change *change)
{
    store->log = grown(store->log, store->log_count, &store->log_capacity, sizeof *store->log);
    store->log[store->log_count++] = *change;
}

/* Puts a value at the store's revision, in the place of one that was deleted if there is one. */
static void set_value(struct sim_store *store, const struct sim_value *value)
{
    struct sim_value *place = sim_store_find(store, value->seq);

    for (size_t i = 0; place == NULL && i < store->count; i++)
        if (!store->value[i].there)
            place = &store->value[i];
    if (place == NULL) {
        store->value = grown(store->value, store->count, &store->capacity, sizeof *store->value);
        place = &store->value[store->count++];
    }
    *place = *value;
    log_change(store, &(struct sim_change){.revision = store->revision, .value = *value});
}

static void delete_value(struct sim *sim, struct sim_value *value)
{
    oracle_deleted(sim, value);
    value->there = false;
    value->revision = sim->store.revision;
    log_change(&sim->store, &(struct sim_change){.revision = sim->store.revision, .value = *value});
}

static bool is_settled(const struct sim_store *store, int64_t revision)
{
    bool settled = store->floor_revision <= revision;

    for (size_t i = 0; i < store->count; i++)
        settled &= !store->value[i].there || store->value[i].revision <= revision;
    return settled;
}

static bool compares(struct sim_store *store, const struct stek_sync_write *write)
{
    if (!is_settled(store, write->based_on))
        return false;
    if (write->floor_expect != 0 && write->floor_expect != store->floor_revision)
        return false;
    for (uint32_t i = 0; i < write->count; i++) {
        const struct sim_value *there = sim_store_find(store, write->put[i].record.seq);
        if (write->put[i].expect != 0 &&
            write->put[i].expect != (there == NULL ? 0 : there->revision))
            return false;
    }
    return true;
}

/* etcd looks at this before it compares: no key twice, and none that is deleted, too. */
static bool is_allowed(const struct stek_sync_write *write)
{
    for (uint32_t i = 0; i < write->count; i++) {
        if (write->put[i].record.seq < write->delete_below)
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (write->put[j].record.seq == write->put[i].record.seq)
                return false;
    }
    return true;
}

static void apply(struct sim *sim, const struct stek_sync_write *write)
{
    struct sim_store *store = &sim->store;

    oracle_committed(sim, write);
    store->revision++;
    if (write->put_floor) {
        store->floor = write->floor;
        store->floor_epoch = write->epoch;
        store->floor_revision = store->revision;
        store->floor_foreign = false;
        log_change(store, &(struct sim_change){.revision = store->revision,
                                               .is_floor = true,
                                               .floor = write->floor,
                                               .floor_epoch = write->epoch});
        record_put(store, &store->log[store->log_count - 1]);
    }
    for (size_t i = 0; i < store->count; i++)
        if (store->value[i].there && store->value[i].seq < write->delete_below)
            delete_value(sim, &store->value[i]);
    for (uint32_t i = 0; i < write->count; i++) {
        const struct sim_value value = {
            .seq = write->put[i].record.seq,
            .revision = store->revision,
            .there = true,
            .at_ms = sim->now,
            .lease_until = sim->now + write->lease_s * 1000,
            .record = write->put[i].record,
            .epoch = stek_epoch_for_record(&write->put[i].record, write->epoch)};
        set_value(store, &value);
        record_put(store, &(struct sim_change){.value = value});
        store->puts++;
    }
    sim_net_watch_all(sim);
}

static int compare_seqs(const void *a, const void *b)
{
    const struct sim_value *left = a;
    const struct sim_value *right = b;

    return (left->seq > right->seq) - (left->seq < right->seq);
}

/* By rising seq, as etcd gives a range. */
static void copy_values(struct sim *sim, struct sim_message *message)
{
    const struct sim_store *store = &sim->store;

    message->value = calloc(store->count + 1, sizeof *message->value);
    if (message->value == NULL)
        abort();
    for (size_t i = 0; i < store->count; i++) {
        if (store->value[i].there)
            message->value[message->count++] = store->value[i];
    }
    qsort(message->value, message->count, sizeof *message->value, compare_seqs);
    sim->store.bytes += message->count * VALUE_BYTES;
    message->floor_revision = store->floor_revision;
    message->floor = store->floor;
    message->floor_epoch = store->floor_epoch;
    message->floor_foreign = store->floor_foreign;
}

void sim_store_answer(struct sim *sim, struct sim_message *message)
{
    struct sim_store *store = &sim->store;

    message->outcome = STEK_WRITTEN_WON;
    if (message->is_read) {
        store->reads++;
        copy_values(sim, message);
    } else if (store->no_space) {
        message->outcome = STEK_WRITTEN_REFUSED;
    } else if (!is_allowed(&message->write)) {
        sim_fail(sim, "allowed", "a transaction of seq %llu puts a key twice, or deletes it, too",
                 (unsigned long long)message->write.put[0].record.seq);
    } else if (!compares(store, &message->write)) {
        store->lost++;
        message->outcome = STEK_WRITTEN_LOST;
    } else {
        apply(sim, &message->write);
    }
    message->revision = store->revision;
}

void sim_store_expire(struct sim *sim)
{
    bool some = false;

    for (size_t i = 0; i < sim->store.count; i++)
        some |= sim->store.value[i].there && sim->store.value[i].lease_until <= sim->now;
    if (!some)
        return;
    sim->store.revision++;
    for (size_t i = 0; i < sim->store.count; i++)
        if (sim->store.value[i].there && sim->store.value[i].lease_until <= sim->now)
            delete_value(sim, &sim->store.value[i]);
    sim_net_watch_all(sim);
}

void sim_store_compact(struct sim *sim)
{
    sim->store.compacted = sim->store.revision;
    sim->store.log_count = 0;
}

void sim_store_put_foreign(struct sim *sim, uint64_t seq)
{
    const struct sim_value *there = sim_store_find(&sim->store, seq);

    if (there != NULL && !there->foreign)
        oracle_lost_key(sim, seq);
    sim->store.revision++;
    set_value(&sim->store, &(struct sim_value){.seq = seq,
                                               .revision = sim->store.revision,
                                               .there = true,
                                               .foreign = true,
                                               .lease_until = INT64_MAX});
    sim_net_watch_all(sim);
}

/* Somebody deletes a key by hand: no fault of ours. */
void sim_store_lose_key(struct sim *sim, uint64_t seq)
{
    struct sim_value *value = sim_store_find(&sim->store, seq);

    if (value == NULL)
        return;
    oracle_lost_key(sim, seq);
    sim->store.revision++;
    value->there = false;
    value->revision = sim->store.revision;
    log_change(&sim->store, &(struct sim_change){.revision = sim->store.revision, .value = *value});
    sim_net_watch_all(sim);
}

/* Somebody deletes the floor (0), or brings one of the day before back. */
void sim_store_put_floor(struct sim *sim, uint64_t floor)
{
    struct sim_store *store = &sim->store;

    if (store->floor_revision == 0)
        return;
    store->revision++;
    store->floor = floor;
    if (store->floor_epoch > sim->first_epoch)
        store->floor_epoch--;
    store->floor_foreign = false;
    store->floor_revision = floor == 0 ? 0 : store->revision;
    log_change(store, &(struct sim_change){.revision = store->revision,
                                           .is_floor = true,
                                           .floor = floor,
                                           .floor_epoch = store->floor_epoch});
    sim_net_watch_all(sim);
}

void sim_store_put_foreign_floor(struct sim *sim)
{
    struct sim_store *store = &sim->store;

    store->revision++;
    store->floor = 0;
    store->floor_foreign = true;
    store->floor_revision = store->revision;
    log_change(store, &(struct sim_change){
                          .revision = store->revision, .is_floor = true, .floor_foreign = true});
    sim_net_watch_all(sim);
}

static void bring_floor_back(struct sim_store *store, const struct sim_change *old)
{
    store->floor = old->floor;
    store->floor_epoch = old->floor_epoch;
    store->floor_foreign = false;
    store->floor_revision = store->revision;
    log_change(store, &(struct sim_change){.revision = store->revision,
                                           .is_floor = true,
                                           .floor = old->floor,
                                           .floor_epoch = old->floor_epoch});
}

void sim_store_bring_back(struct sim *sim, size_t index)
{
    const struct sim_change old = sim->store.past[index];
    struct sim_value value = old.value;

    sim->store.revision++;
    oracle_brought(sim, &old);
    if (old.is_floor) {
        bring_floor_back(&sim->store, &old);
    } else {
        value.revision = sim->store.revision;
        value.brought = true;
        value.lease_until = INT64_MAX;
        set_value(&sim->store, &value);
    }
    sim_net_watch_all(sim);
}

void sim_store_save(const struct sim_store *store, struct sim_store *ret_copy)
{
    free(ret_copy->value);
    *ret_copy = *store;
    ret_copy->value = malloc((store->count + 1) * sizeof *ret_copy->value);
    if (ret_copy->value == NULL)
        abort();
    for (size_t i = 0; i < store->count; i++)
        ret_copy->value[i] = store->value[i];
}

void sim_store_restore(struct sim *sim, const struct sim_store *copy)
{
    struct sim_store *store = &sim->store;

    for (size_t i = 0; i < store->count; i++)
        store->value[i].there = false;
    for (size_t i = 0; i < copy->count; i++) {
        store->value[i] = copy->value[i]; /* the store never has fewer places than it had */
        store->value[i].brought = true;
    }
    store->revision = copy->revision;
    store->floor = copy->floor;
    store->floor_epoch = copy->floor_epoch;
    store->floor_revision = copy->floor_revision;
    store->floor_foreign = copy->floor_foreign;
    store->life++;
    sim_store_compact(sim);
}
