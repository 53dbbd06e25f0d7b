/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, and how it ends. */
#include "oracle.h"

static struct sim_node *some_node(struct sim *sim)
{
    return &sim->node[prng_between(&sim->prng, 0, sim->config.nodes - 1)];
}

/* From a moment to eight intervals, short ones as often as long ones. */
static int64_t some_time(struct sim *sim)
{
    return sim->config.bound_ms + prng_scale(&sim->prng, 8 * sim->config.policy.rotate_s * 1000);
}

static void partition(struct sim *sim, unsigned how_many)
{
    const int64_t until_ms = some_time(sim);

    sim_trace(sim, "%u nodes are cut off for %lld ms", how_many, (long long)until_ms);
    for (unsigned i = 0; i < how_many; i++) {
        struct sim_node *node = how_many == sim->config.nodes ? &sim->node[i] : some_node(sim);
        sim_node_partition(sim, node, true);
        sim_push(sim, &(struct sim_event){.at_ms = sim->now + until_ms,
                                          .kind = SIM_HEAL_NODE,
                                          .node = node->number});
    }
}

static void crash(struct sim *sim, struct sim_node *node, bool lose_file)
{
    if (!node->alive)
        return;
    sim_trace(sim, "node %u crashes%s", node->number, lose_file ? " and loses its ring file" : "");
    sim_node_crash(sim, node, lose_file);
    sim_push(sim, &(struct sim_event){.at_ms = sim->now + some_time(sim),
                                      .kind = SIM_HEAL_NODE,
                                      .node = node->number});
}

static void stall(struct sim *sim, struct sim_node *node)
{
    sim_trace(sim, "node %u hears nothing", node->number);
    sim_node_stall(sim, node, true);
    sim_push(sim, &(struct sim_event){.at_ms = sim->now + some_time(sim) / 8,
                                      .kind = SIM_HEAL_NODE,
                                      .node = node->number});
}

static void step_clock(struct sim *sim, struct sim_node *node)
{
    const int64_t far_ms = prng_scale(&sim->prng, 40 * sim->config.policy.rotate_s * 1000);

    if (!sim->config.wild_clocks || sim->config.nodes < 6 || node->number > 0 ||
        !node->knows_clock) {
        if (!node->wild)
            node->offset_ms = prng_between(&sim->prng, -sim->config.skew_ms, sim->config.skew_ms);
        return;
    }
    node->offset_ms = prng_one_in(&sim->prng, 2) ? far_ms : -far_ms;
    node->wild = node->odd = true;
    node->own_count = 0;
    sim_trace(sim, "the clock of node %u steps by %lld ms", node->number,
              (long long)node->offset_ms);
    sim_push(sim, &(struct sim_event){.at_ms = sim->now + some_time(sim),
                                      .kind = SIM_HEAL_NODE,
                                      .node = node->number});
}

/* A floor, as one would ask for it: for a key, for a time, or beyond all. */
uint64_t sim_some_floor(const struct sim *sim, const struct sim_node *node, struct prng *prng)
{
    const struct stek_records *records = &node->sync.records;
    const int64_t age_s = prng_scale(prng, 8 * sim->config.policy.rotate_s);

    switch (prng_between(prng, 0, 2)) {
    case 0:
        return stek_sync_floor_for(
            &node->sync, records->at[prng_between(prng, 0, (int64_t)records->count - 1)].seq);
    case 1:
        return stek_sync_floor_before(&node->sync, sim_node_clock(sim, node) / 1000 - age_s);
    default:
        return 0;
    }
}

static void operate(struct sim *sim, struct sim_node *node)
{
    const bool rotate = prng_one_in(&sim->prng, 2);

    if (!sim_node_in_touch(node) || node->sync.records.count == 0)
        return;
    const uint64_t floor = rotate ? 0 : sim_some_floor(sim, node, &sim->prng);
    const char *problem =
        stek_sync_ask(&node->sync, rotate ? STEK_SYNC_OP_ROTATE : STEK_SYNC_OP_REVOKE, floor);
    if (rotate)
        sim_trace(sim, "node %u is to rotate the fleet: %s", node->number,
                  problem == NULL ? "yes" : problem);
    else
        sim_trace(sim, "node %u is to raise the floor to %llu: %s", node->number,
                  (unsigned long long)floor, problem == NULL ? "yes" : problem);
    sim_node_decide(sim, node);
}

static void store_trouble(struct sim *sim)
{
    uint64_t last = 0;

    for (size_t i = 0; i < sim->store.count; i++)
        if (sim->store.value[i].there && sim->store.value[i].seq > last)
            last = sim->store.value[i].seq;
    switch (prng_between(&sim->prng, 0, 5)) {
    case 0:
        sim_trace(sim, "the store has no space");
        sim->store.no_space = true;
        sim_push(sim, &(struct sim_event){
                          .at_ms = sim->now + some_time(sim), .kind = SIM_HEAL_NODE, .node = 0});
        break;
    case 1:
        sim_trace(sim, "the store is compacted");
        sim_store_compact(sim);
        break;
    case 2:
        if (last == 0)
            break;
        /*
         * Not where a record stood that was deleted by hand: a host that holds a record keeps it,
         * whatever stands there later (it may be the same, under a key-encryption key that is not
         * here yet), and who never saw it continues.
         */
        last += (uint64_t)prng_between(&sim->prng, 1, 3);
        if (oracle_was_published(sim, last))
            break;
        sim_trace(sim, "a foreign value under seq %llu", (unsigned long long)last);
        sim_store_put_foreign(sim, last);
        break;
    case 3:
        sim_trace(sim, "somebody deletes the floor by hand");
        sim_store_put_floor(sim, 0);
        break;
    case 4:
        sim_trace(sim, "somebody brings an old floor back");
        sim_store_put_floor(sim, 1);
        break;
    default:
        last -= (uint64_t)prng_between(&sim->prng, 0, last > 3 ? 3 : 0);
        sim_trace(sim, "somebody deletes seq %llu by hand", (unsigned long long)last);
        sim_store_lose_key(sim, last);
    }
}

void sim_fault(struct sim *sim)
{
    struct sim_node *node = some_node(sim);

    switch (prng_between(&sim->prng, 0, 11)) {
    case 0:
    case 1:
        partition(sim, (unsigned)prng_scale(&sim->prng, sim->config.nodes));
        break;
    case 2:
        partition(sim, sim->config.nodes);
        break;
    case 3:
    case 4:
        crash(sim, node, false);
        break;
    case 5:
        crash(sim, node, true);
        break;
    case 6:
        stall(sim, node);
        break;
    case 7:
        step_clock(sim, node);
        break;
    case 8:
        if (node->connected)
            sim_node_break(sim, node);
        break;
    case 9:
    case 10:
        operate(sim, node);
        if (prng_one_in(&sim->prng, 2))
            operate(sim, some_node(sim)); /* two at once */
        break;
    default:
        store_trouble(sim);
    }
}

void sim_heal_node(struct sim *sim, struct sim_node *node)
{
    sim->store.no_space = false;
    sim_node_stall(sim, node, false);
    sim_node_partition(sim, node, false);
    if (node->wild) {
        node->offset_ms = 0;
        node->wild = false;
        node->odd_until_ms = sim->now + 2 * sim->config.policy.rotate_s * 1000;
    }
    if (!node->alive)
        sim_node_start(sim, node);
}

void sim_heal_all(struct sim *sim)
{
    sim->healing = true;
    sim_trace(sim, "all trouble ends");
    for (unsigned i = 0; i < sim->config.nodes; i++) {
        sim_heal_node(sim, &sim->node[i]);
        sim->node[i].offset_ms = 0;
    }
}
