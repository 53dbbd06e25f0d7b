/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes hold, and what they seal and open with it. */
#include "oracle_state.h"

#include <string.h>

/* After this, a node that is in touch has learnt of a change. */
static int64_t learnt_ms(const struct sim *sim)
{
    return sim->config.timeout_ms + 2 * sim->config.bound_ms;
}

static int64_t touched_ms(const struct sim *sim, const struct sim_node *node)
{
    return sim_node_in_touch(node) ? sim->now : node->touched_ms;
}

static int64_t seconds(const struct sim *sim, const struct sim_node *node)
{
    return sim_node_clock(sim, node) / 1000;
}

static bool holds(const struct stek_records *records, const struct stek_secret32 *secret)
{
    return stek_records_hold_secret(records, secret);
}

/* Whether a process on this host opens a ticket of this secret: it reads the ring file, and
 * continues by itself. */
static bool opens(const struct sim *sim, const struct sim_node *node,
                  const struct stek_secret32 *secret)
{
    struct stek_records settled = node->file;

    if (holds(&node->file, secret))
        return true;
    if (stek_records_settle(&settled, &sim->config.policy, seconds(sim, node)) != STEK_OK)
        return false;
    return holds(&settled, secret);
}

/* Whether a record was deleted by hand, and nobody has put it again, or the news is still on its
 * way. */
static bool is_lost(const struct sim *sim, uint64_t seq)
{
    for (size_t i = 0; i < sim->oracle->count; i++) {
        const struct known *known = &sim->oracle->known[i];
        const bool news = known->returned && sim->now <= known->published_ms + learnt_ms(sim);
        if (known->record.seq == seq && known->published_once &&
            (known->published_ms == INT64_MAX || news))
            return true;
    }
    return false;
}

/* Whether it is a continuation past a record that was deleted by hand: who held that one does not
 * continue there. */
static bool passes_lost(const struct sim *sim, const struct known *known)
{
    while (!is_lost(sim, known->record.seq)) {
        if (known->parent == NONE || known->published_ms != INT64_MAX)
            return false;
        known = &sim->oracle->known[known->parent];
    }
    return true;
}

static const struct stek_record *counting(const struct stek_records *records, uint64_t seq)
{
    for (uint64_t i = records->count; i-- > 0;)
        if (records->at[i].seq == seq && stek_record_counts(&records->at[i]))
            return &records->at[i];
    return NULL;
}

/* Whether a node opens a record for as long as it is published; longer only where it had sealed
 * under a continuation of its own, by later times, and so had promised it. */
static bool opens_as_long(const struct stek_record *record, const struct stek_record *published)
{
    return record->accept_until == published->accept_until ||
           (published->origin == STEK_ORIGIN_CONTINUED &&
            record->accept_until > published->accept_until);
}

/*
 * Whether it continues another record at the floor than this node has: several hosts have revoked,
 * each by itself. A host that knows the floor cannot tell that from a continuation of what was
 * revoked, and all hosts refuse it once the store has one record at the floor.
 */
static bool continues_another(const struct sim *sim, const struct sim_node *node,
                              const struct known *known)
{
    const struct stek_record *first = counting(&node->file, node->file_floor);

    if (first == NULL || known->record.seq <= node->file_floor || known->parent == NONE)
        return false;
    while (known->parent != NONE && known->record.seq > node->file_floor)
        known = &sim->oracle->known[known->parent];
    return known->record.seq == node->file_floor &&
           memcmp(&known->record.secret, &first->secret, sizeof first->secret) != 0;
}

/*
 * Whether `node` must open what is sealed under `known`: it was in touch since that was published;
 * or, if it is a continuation, so lately that it would have heard of anything else.
 */
static bool must_open(const struct sim *sim, const struct sim_node *node, const struct known *known,
                      bool just_sealed)
{
    const int64_t touched = touched_ms(sim, node);
    const int64_t lately_ms = sim->config.policy.rotate_s * 500 - learnt_ms(sim) -
                              2 * sim->config.skew_ms - 4 * sim->config.timeout_ms - 2000;

    if (!node->alive || node->odd || known->revoked || touched == INT64_MIN ||
        known->record.accept_until <= node->latest_s || known->record.seq < node->file_floor ||
        node->file_floor > sim->oracle->floor || /* the world was made to forget what it knows */
        oracle_is_tampered(sim) || continues_another(sim, node, known))
        return false;
    if (known->published_ms != INT64_MAX)
        return touched >= known->published_ms + learnt_ms(sim);
    if (known->own)
        return false;
    if (sim->now < sim->oracle->lost_ms + 2 * sim->config.policy.rotate_s * 1000 ||
        passes_lost(sim, known))
        return false;
    return just_sealed && lately_ms > 0 && touched >= sim->now - lately_ms;
}

static void demand(struct sim *sim, const struct sim_node *node, const struct known *known,
                   bool just_sealed)
{
    if (must_open(sim, node, known, just_sealed) && !opens(sim, node, &known->record.secret))
        sim_fail(sim, "everyone opens", "node %u cannot open what was sealed under seq %llu (%s)",
                 node->number, (unsigned long long)known->record.seq,
                 known->published_ms != INT64_MAX ? "published" : "a continuation");
}

/* An adversary has brought back another record at the floor: see continues_another(). */
static bool is_orphaned(struct sim *sim, const struct sim_node *node,
                        const struct sim_sealed *sealed)
{
    const struct known *known = oracle_find(sim, &sealed->secret);

    return oracle_is_tampered(sim) && known != NULL && continues_another(sim, node, known);
}

/* A promise that is over, by the node's own clock, stays over if the clock goes back then. */
static void end_own(struct sim *sim, struct sim_node *node)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < node->own_count; i++)
        if (node->own[i].accept_until > seconds(sim, node) &&
            !is_orphaned(sim, node, &node->own[i]))
            node->own[kept++] = node->own[i];
    node->own_count = kept;
}

/* It promises as long as its own record says: a continuation that others have made may have other
 * times. */
static void note_own(struct sim_node *node, const struct stek_record *record)
{
    if (node->own_count == SIM_OWN_MAX)
        memmove(node->own, node->own + 1, --node->own_count * sizeof *node->own);
    node->own[node->own_count++] =
        (struct sim_sealed){record->secret, record->seq, record->accept_until};
}

static void check_sealing(struct sim *sim, struct sim_node *node)
{
    const int active = stek_records_active(&node->file, seconds(sim, node));
    /* What a host seals that has revoked by itself opens elsewhere when the store has it. */
    const bool lately = touched_ms(sim, node) > sim->now - sim->config.policy.rotate_s * 250 &&
                        node->file_floor <= sim->oracle->floor;

    if (active < 0) {
        if (stek_records_last(&node->file) != NULL)
            sim_fail(sim, "sound", "node %u has no record that seals", node->number);
        return;
    }
    struct known *known = oracle_find(sim, &node->file.at[active].secret);
    const size_t number = (size_t)(known - sim->oracle->known) + 1;
    if (node->sealing == number)
        return;
    node->sealing = number;
    known->sealed = true;
    note_own(node, &node->file.at[active]);
    for (unsigned i = 0; i < sim->config.nodes; i++)
        demand(sim, &sim->node[i], known, lately);
}

static void check_own(struct sim *sim, struct sim_node *node)
{
    end_own(sim, node);
    for (unsigned i = 0; i < node->own_count; i++) {
        const struct sim_sealed *sealed = &node->own[i];
        if (holds(&node->file, &sealed->secret))
            continue;
        sim_fail(sim, "own tickets", "node %u no longer opens what it sealed under seq %llu",
                 node->number, (unsigned long long)sealed->seq);
    }
}

/* Whether this was revoked on this node by hand, or follows from what was. */
static bool is_gone(const struct sim *sim, const struct sim_node *node, const struct known *known)
{
    while (known->record.seq >= node->hand_floor && known->parent != NONE)
        known = &sim->oracle->known[known->parent];
    return known->record.seq < node->hand_floor;
}

/*
 * Whether an adversary has brought back what was continued from a revoked record, and nothing shows
 * that: the fresh record at the floor has retired, or does not stand right before it. Then a node
 * cannot tell what a continuation continues (docs/fleet.md).
 */
static bool is_untold(const struct sim *sim, const struct sim_node *node, const struct known *known)
{
    while (!known->brought && known->parent != NONE)
        known = &sim->oracle->known[known->parent];
    return known->brought && known->parent != NONE &&
           (known->record.seq != node->file_floor + 1 ||
            counting(&node->file, node->file_floor) == NULL);
}

static void check_records(struct sim *sim, const struct sim_node *node)
{
    const char *problem = stek_records_problem(&node->file);
    const bool told = sim_node_in_touch(node) && !node->sync.read_wanted &&
                      sim->store.floor == sim->oracle->floor &&
                      node->epoch <= sim->store.floor_epoch &&
                      sim->oracle->floor >= sim->oracle->forgotten &&
                      sim->now - sim->oracle->floor_ms > learnt_ms(sim);

    if (problem != NULL)
        sim_fail(sim, "sound", "node %u: %s", node->number, problem);
    for (size_t i = 0; i < node->file.count; i++) {
        const struct stek_record *record = &node->file.at[i];
        const struct known *known = oracle_find(sim, &record->secret);
        if (known == NULL)
            known = oracle_continued_over(sim, record);
        if (known == NULL)
            sim_fail(sim, "legitimate", "node %u holds seq %llu, which nobody has published",
                     node->number, (unsigned long long)record->seq);
        else if (known->revoked && told && !is_untold(sim, node, known))
            sim_fail(sim, "revoked", "node %u holds seq %llu", node->number,
                     (unsigned long long)record->seq);
        if (known != NULL && is_gone(sim, node, known))
            sim_fail(sim, "gone", "node %u has revoked seq %llu and holds what follows from it",
                     node->number, (unsigned long long)known->record.seq);
        if (record->accept_until <= seconds(sim, node))
            sim_fail(sim, "retired", "node %u holds seq %llu", node->number,
                     (unsigned long long)record->seq);
        if (record->seq < node->file_floor)
            sim_fail(sim, "revoked", "node %u holds seq %llu below its floor", node->number,
                     (unsigned long long)record->seq);
    }
}

/* The store's records that a node in touch must have taken. */
static void check_told(struct sim *sim, const struct sim_node *node)
{
    const bool demanded =
        sim_node_in_touch(node) && !node->sync.read_wanted && !oracle_is_tampered(sim);

    for (size_t i = 0; i < sim->store.count && demanded; i++) {
        const struct sim_value *value = &sim->store.value[i];
        if (!value->there || value->foreign || value->at_ms + learnt_ms(sim) > sim->now ||
            value->record.accept_until <= seconds(sim, node) || value->seq < node->file_floor ||
            (value->record.origin == STEK_ORIGIN_CONTINUED && sim->store.floor < node->file_floor))
            continue;
        const struct known *known = oracle_find(sim, &value->record.secret);
        if (known != NULL && (known->revoked || continues_another(sim, node, known)))
            continue;
        const struct stek_record *record = counting(&node->file, value->seq);
        if (record == NULL ||
            memcmp(&record->secret, &value->record.secret, sizeof record->secret) != 0)
            sim_fail(sim, "told", "node %u has not taken seq %llu", node->number,
                     (unsigned long long)value->seq);
        else if (!opens_as_long(record, &value->record) ||
                 record->active_until > value->record.active_until)
            sim_fail(sim, "told", "node %u has other times for seq %llu", node->number,
                     (unsigned long long)value->seq);
    }
}

/* A host without any key puts one as soon as it can: it waits for no turn that it took before. */
static void check_keyed(struct sim *sim, struct sim_node *node)
{
    const int64_t most_ms = 2000 + 4 * sim->config.timeout_ms;
    const bool may_put = sim_node_in_touch(node) && node->sync.synced && !node->sync.clock_off &&
                         !sim->store.no_space &&
                         node->sync.retry_at_ms <= sim_node_clock(sim, node);

    if (!may_put || stek_records_last(&node->file) != NULL)
        node->keyless_ms = 0;
    else if (node->keyless_ms == 0)
        node->keyless_ms = sim->now;
    else if (sim->now - node->keyless_ms > most_ms)
        sim_fail(sim, "keyed", "node %u has no key for %lld ms", node->number,
                 (long long)(sim->now - node->keyless_ms));
}

void oracle_look(struct sim *sim, struct sim_node *node)
{
    if (node->odd && !node->wild && sim->now >= node->odd_until_ms && sim_node_in_touch(node))
        node->odd = false;
    if (node->file_floor < node->floor_max)
        sim_fail(sim, "floor", "that of node %u falls", node->number);
    if (node->file_floor > node->floor_max)
        node->own_count = 0; /* whatever it sealed before may be revoked */
    node->floor_max = node->file_floor;
    check_records(sim, node);
    if (!node->odd && seconds(sim, node) > node->latest_s)
        node->latest_s =
            seconds(sim, node); /* what retired then is gone, even if the clock goes back */
    if (node->odd || sim->failure != NULL)
        return;
    check_sealing(sim, node);
    check_keyed(sim, node);
    check_own(sim, node);
    check_told(sim, node);
    for (size_t i = 0; i < sim->oracle->count; i++)
        if (sim->oracle->known[i].sealed && !sim->oracle->known[i].revoked)
            demand(sim, node, &sim->oracle->known[i], false);
}

/* Whether the news of this record may still be on its way. */
static bool is_news(struct sim *sim, const struct stek_record *record)
{
    const struct known *known = oracle_find(sim, &record->secret);

    return known != NULL && known->published_ms != INT64_MAX &&
           known->published_ms + learnt_ms(sim) > sim->now;
}

/* Compares what seals and what is to seal. */
static void check_equal(struct sim *sim, const struct sim_node *node, const struct sim_node *other)
{
    const int active = stek_records_active(&node->file, seconds(sim, node));

    for (size_t i = active < 0 ? 0 : (size_t)active; i < node->file.count; i++) {
        const struct stek_record *record = &node->file.at[i];
        const struct stek_record *theirs = counting(&other->file, record->seq);
        if (!stek_record_counts(record) || is_news(sim, record))
            continue;
        /* NOLINTBEGIN(readability-suspicious-call-argument): either may have been published */
        if (theirs == NULL ||
            memcmp(&record->secret, &theirs->secret, sizeof record->secret) != 0 ||
            record->active_until != theirs->active_until ||
            (!opens_as_long(record, theirs) && !opens_as_long(theirs, record)))
            /* NOLINTEND(readability-suspicious-call-argument) */
            sim_fail(sim, "in step", "nodes %u and %u differ in seq %llu", node->number,
                     other->number, (unsigned long long)record->seq);
    }
}

static void check_random(struct sim *sim, const struct sim_node *node)
{
    const int active = stek_records_active(&node->file, seconds(sim, node));
    const bool turn_is_over =
        active >= 0 &&
        seconds(sim, node) - node->file.at[active].active_from > sim->config.policy.rotate_s / 2;
    uint32_t pending = turn_is_over ? 0 : 1;

    for (size_t i = 0; i < node->file.count; i++) {
        if (!stek_record_counts(&node->file.at[i]) ||
            node->file.at[i].active_from <= seconds(sim, node))
            continue;
        pending++;
        if (node->file.at[i].origin != STEK_ORIGIN_PUBLISHED)
            sim_fail(sim, "in step", "node %u still runs on continuations", node->number);
    }
    if (pending < sim->config.policy.ahead)
        sim_fail(sim, "in step", "node %u holds %u records ahead", node->number, pending);
}

void oracle_in_step(struct sim *sim, bool since_long)
{
    for (unsigned i = 0; i < sim->config.nodes; i++) {
        struct sim_node *node = &sim->node[i];
        sim_node_decide(sim, node);
        if (stek_records_last(&node->file) == NULL)
            sim_fail(sim, "in step", "node %u has no records", i);
        if (!sim_node_in_touch(node))
            sim_fail(sim, "in step", "node %u is not connected", i);
        if (sim->failure != NULL)
            return;
    }
    for (unsigned i = 0; i < sim->config.nodes; i++) {
        check_equal(sim, &sim->node[i], &sim->node[0]);
        check_equal(sim, &sim->node[0], &sim->node[i]);
        if (since_long) {
            check_random(sim, &sim->node[i]);
            oracle_epochs_ended(sim, &sim->node[i]);
        }
    }
}
