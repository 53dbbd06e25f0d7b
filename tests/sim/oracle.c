/* SPDX-License-Identifier: Apache-2.0 */
/* What the store is told, and what it forgets. What nodes hold: oracle_node.c. */
#include "oracle_state.h"

#include <stdlib.h>
#include <string.h>

void oracle_init(struct sim *sim)
{
    sim->oracle = calloc(1, sizeof *sim->oracle);
    if (sim->oracle == NULL)
        abort();
}

void oracle_fini(struct sim *sim)
{
    free(sim->oracle->known);
    free(sim->oracle);
}

static size_t slot_of(const struct stek_secret32 *secret)
{
    uint32_t hash;

    memcpy(&hash, secret->bytes, sizeof hash);
    return hash % ORACLE_SLOTS;
}

struct known *oracle_find(struct sim *sim, const struct stek_secret32 *secret)
{
    struct sim_oracle *oracle = sim->oracle;

    for (size_t slot = slot_of(secret); oracle->slot[slot] != 0; slot = (slot + 1) % ORACLE_SLOTS) {
        struct known *known = &oracle->known[oracle->slot[slot] - 1];
        if (memcmp(&known->record.secret, secret, sizeof *secret) == 0)
            return known;
    }
    return NULL;
}

struct known *oracle_add(struct sim *sim, const struct stek_record *record)
{
    struct sim_oracle *oracle = sim->oracle;
    size_t slot = slot_of(&record->secret);

    if (oracle->count == oracle->capacity) {
        oracle->capacity = oracle->capacity * 2 + 256;
        oracle->known = realloc(oracle->known, oracle->capacity * sizeof *oracle->known);
        if (oracle->known == NULL || oracle->capacity > ORACLE_SLOTS / 2)
            abort();
    }
    while (oracle->slot[slot] != 0)
        slot = (slot + 1) % ORACLE_SLOTS;
    oracle->slot[slot] = (uint32_t)oracle->count + 1;
    struct known *known = &oracle->known[oracle->count++];
    *known = (struct known){.record = *record, .parent = NONE, .published_ms = INT64_MAX};
    return known;
}

struct known *oracle_continued(struct sim *sim, const struct stek_record *record)
{
    struct sim_oracle *oracle = sim->oracle;
    struct stek_secret32 next;

    for (size_t i = oracle->count; i-- > 0;) {
        if (oracle->known[i].record.seq + 1 != record->seq ||
            stek_derive_continuation(&oracle->known[i].record.secret, &next) != STEK_OK ||
            memcmp(&next, &record->secret, sizeof next) != 0)
            continue;
        const bool revoked = oracle->known[i].revoked;
        struct known *known = oracle_add(sim, record);
        known->parent = i;
        known->revoked = revoked;
        known->own = oracle->known[i].own;
        return known;
    }
    return NULL;
}

/* The known secret `index`, continued several times, where that is `record`: what lies between is
 * known then, too. */
static struct known *continues_over(struct sim *sim, size_t index, const struct stek_record *record)
{
    struct stek_record between = sim->oracle->known[index].record;

    while (between.seq < record->seq) {
        if (stek_derive_continuation(&between.secret, &between.secret) != STEK_OK)
            return NULL;
        between.seq++;
    }
    if (memcmp(&between.secret, &record->secret, sizeof between.secret) != 0)
        return NULL;
    between = sim->oracle->known[index].record;
    while (between.seq + 1 < record->seq) {
        if (stek_derive_continuation(&between.secret, &between.secret) != STEK_OK)
            return NULL;
        between.seq++;
        if (oracle_find(sim, &between.secret) == NULL)
            oracle_continued(sim, &between);
    }
    return oracle_continued(sim, record);
}

struct known *oracle_continued_over(struct sim *sim, const struct stek_record *record)
{
    struct known *known = oracle_continued(sim, record);

    for (size_t i = sim->oracle->count; i-- > 0 && known == NULL;) {
        const uint64_t seq = sim->oracle->known[i].record.seq;
        if (seq + 1 < record->seq && seq + STEK_RECORDS_MAX > record->seq)
            known = continues_over(sim, i, record);
    }
    return known;
}

/* Whether an old copy stands in the store: no host knew better, and what contradicts it is refused.
 */
static bool has_old_copy(const struct sim_store *store)
{
    for (size_t i = 0; i < store->count; i++)
        if (store->value[i].there && store->value[i].brought)
            return true;
    return false;
}

bool oracle_is_tampered(const struct sim *sim)
{
    const int64_t again_ms = sim->oracle->brought_ms + 2 * sim->config.policy.rotate_s * 1000;

    return sim->oracle->brought_ms > 0 && (sim->now < again_ms || has_old_copy(&sim->store));
}

/* Whether every host still has the day under which it is sealed. */
static bool all_open(const struct sim *sim, uint64_t epoch)
{
    for (unsigned i = 0; i < sim->config.nodes; i++)
        if (sim->node[i].epoch > epoch)
            return false;
    return true;
}

/* Whether the latest floor is in the store, and every host can open it: an old one that was brought
 * back may be of a day that is over. */
static bool floor_stands(const struct sim *sim)
{
    return sim->store.floor == sim->oracle->floor && all_open(sim, sim->store.floor_epoch);
}

static bool counts(const struct sim *sim, const struct sim_value *value, uint64_t floor)
{
    return value->there && !value->foreign && value->seq >= floor &&
           value->record.accept_until * 1000 > sim->now;
}

/* Whether no record stands in the store that counts under this floor. */
static bool ring_is_empty(const struct sim *sim, uint64_t floor)
{
    for (size_t i = 0; i < sim->store.count; i++)
        if (counts(sim, &sim->store.value[i], floor))
            return false;
    return true;
}

/*
 * Hands or an adversary have taken every record, and perhaps the floor: what the ring was is in no
 * place that a host could look at, and one that has just lost its ring file begins it anew. Nothing
 * is promised for the old one.
 */
static void forget_if_wiped(struct sim *sim)
{
    if (!ring_is_empty(sim, sim->store.floor))
        return;
    for (size_t i = 0; i < sim->oracle->count; i++)
        sim->oracle->known[i].published_ms = INT64_MAX;
    if (sim->store.floor >= sim->oracle->floor)
        return;
    if (sim->oracle->floor > sim->oracle->forgotten)
        sim->oracle->forgotten = sim->oracle->floor;
    sim->oracle->floor = sim->store.floor;
}

/* A host that had not heard of a revocation has put it: the adversary had taken the floor. */
static bool is_revoked(struct sim *sim, const struct sim_value *value)
{
    const struct known *known = oracle_find(sim, &value->record.secret);

    return known != NULL && known->revoked;
}

static bool one_secret(const struct sim *sim, const struct stek_record *record)
{
    for (size_t i = 0; i < sim->oracle->count; i++) {
        const struct known *known = &sim->oracle->known[i];
        if (known->published_ms != INT64_MAX && !known->revoked &&
            known->record.seq == record->seq &&
            memcmp(&known->record.secret, &record->secret, sizeof record->secret) != 0)
            return false;
    }
    return true;
}

/* Whether no record stands there that a host would take which knows this floor. */
static bool has_no_key(struct sim *sim, uint64_t floor)
{
    for (size_t i = 0; i < sim->store.count; i++)
        if (counts(sim, &sim->store.value[i], floor) && !is_revoked(sim, &sim->store.value[i]))
            return false;
    return true;
}

static void check_new(struct sim *sim, const struct stek_sync_write *write,
                      const struct stek_record *record)
{
    const int64_t late_ms = 4 * sim->config.timeout_ms + sim->config.skew_ms + 1000;
    const uint64_t floor = write->put_floor ? write->floor : sim->store.floor;
    const bool first = has_no_key(sim, floor) || (write->put_floor && floor == record->seq);

    if (first ||
        record->active_from * 1000 - sim->now >= sim->config.policy.rotate_s * 500 - late_ms)
        return;
    sim_fail(sim, "on time", "seq %llu gets fresh bytes and begins in %lld ms",
             (unsigned long long)record->seq, (long long)(record->active_from * 1000 - sim->now));
}

static void check_put(struct sim *sim, const struct stek_sync_write *write,
                      const struct stek_sync_put *put)
{
    struct known *known = oracle_find(sim, &put->record.secret);
    const struct sim_value *there = sim_store_find(&sim->store, put->record.seq);

    if (there != NULL && !there->foreign && !there->brought && !is_revoked(sim, there) &&
        memcmp(&there->record.secret, &put->record.secret, sizeof put->record.secret) != 0)
        sim_fail(sim, "one secret", "what stands under seq %llu is overwritten",
                 (unsigned long long)put->record.seq);
    if (!one_secret(sim, &put->record))
        sim_fail(sim, "one secret", "seq %llu gets a second one",
                 (unsigned long long)put->record.seq);
    if (put->record.seq < sim->oracle->floor && floor_stands(sim))
        sim_fail(sim, "revoked", "seq %llu is put below the floor",
                 (unsigned long long)put->record.seq);
    if (known == NULL)
        known = oracle_continued(sim, &put->record);
    if (known == NULL) {
        check_new(sim, write, &put->record);
        known = oracle_add(sim, &put->record);
    }
    if (known->revoked && floor_stands(sim) && sim->oracle->floor >= sim->oracle->forgotten)
        sim_fail(sim, "revoked", "seq %llu follows from a revoked one",
                 (unsigned long long)put->record.seq);
    known->returned |= known->published_once && known->published_ms == INT64_MAX;
    if (known->published_ms == INT64_MAX)
        known->published_ms = sim->now;
    known->published_once = true;
    known->record.accept_until = put->record.accept_until; /* who continued it may have had more */
    known->moved_ms = put->expect != 0 ? sim->now : known->moved_ms;
}

/* No promise holds for what is below a floor that is put, or for what follows from that. */
static void end_promises(struct sim_oracle *oracle, uint64_t floor)
{
    for (size_t i = 0; i < oracle->count; i++) { /* parents stand before their children */
        struct known *known = &oracle->known[i];
        if (known->record.seq < floor ||
            (known->parent != NONE && oracle->known[known->parent].revoked))
            known->revoked = true;
    }
}

void oracle_committed(struct sim *sim, const struct stek_sync_write *write)
{
    forget_if_wiped(sim);
    if (write->put_floor && write->floor < sim->oracle->floor && floor_stands(sim))
        sim_fail(sim, "floor", "the store's floor falls from %llu to %llu",
                 (unsigned long long)sim->oracle->floor, (unsigned long long)write->floor);
    if (write->put_floor) {
        sim->oracle->floor_ms = sim->now;
        if (write->floor > sim->oracle->floor)
            sim->oracle->floor = write->floor;
        end_promises(sim->oracle, write->floor);
    }
    for (uint32_t i = 0; i < write->count; i++)
        check_put(sim, write, &write->put[i]);
}

void oracle_deleted(struct sim *sim, const struct sim_value *value)
{
    if (!value->foreign && !value->brought && !is_revoked(sim, value) &&
        !(oracle_is_tampered(sim) && value->seq < sim->store.floor) &&
        value->seq >= sim->oracle->floor && value->record.accept_until * 1000 > sim->now)
        sim_fail(sim, "not deleted", "seq %llu goes from the store while it opens",
                 (unsigned long long)value->seq);
}

void oracle_revoked_here(struct sim *sim, struct sim_node *node)
{
    const struct stek_record *first = stek_records_find(&node->sync.records, node->sync.floor);

    if (first != NULL && oracle_find(sim, &first->secret) == NULL)
        oracle_add(sim, first)->own = true;
}

bool oracle_was_published(const struct sim *sim, uint64_t seq)
{
    for (size_t i = 0; i < sim->oracle->count; i++)
        if (sim->oracle->known[i].record.seq == seq && sim->oracle->known[i].published_once)
            return true;
    return false;
}

void oracle_lost_key(struct sim *sim, uint64_t seq)
{
    sim->oracle->lost_ms = sim->now;
    for (size_t i = 0; i < sim->oracle->count; i++)
        if (sim->oracle->known[i].record.seq == seq)
            sim->oracle->known[i].published_ms = INT64_MAX;
}

static void note_brought(struct sim *sim, const struct sim_value *value)
{
    struct known *known = value->foreign ? NULL : oracle_find(sim, &value->record.secret);

    if (known != NULL)
        known->brought = true;
}

/* A floor counts whoever brings it: it may be higher than one that an emptied store began anew. */
void oracle_brought(struct sim *sim, const struct sim_change *old)
{
    sim->oracle->brought_ms = sim->now;
    if (!old->is_floor) {
        note_brought(sim, &old->value);
        oracle_lost_key(sim, old->value.seq);
        return;
    }
    if (old->floor < sim->oracle->floor || !all_open(sim, old->floor_epoch))
        return;
    sim->oracle->floor = old->floor;
    sim->oracle->floor_ms = sim->now;
    end_promises(sim->oracle, old->floor);
}

void oracle_restored(struct sim *sim)
{
    sim->oracle->brought_ms = sim->oracle->lost_ms = sim->now;
    for (size_t i = 0; i < sim->oracle->count; i++)
        sim->oracle->known[i].published_ms = INT64_MAX;
    for (size_t i = 0; i < sim->saved.count; i++)
        if (sim->saved.value[i].there)
            note_brought(sim, &sim->saved.value[i]);
}
