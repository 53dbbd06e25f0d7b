/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An adversary that has recorded the store brings back what hosts once put there, sealed as it is,
 * and the whole store at an older revision. Its dice are its own.
 */
#include "oracle.h"

enum { LATELY = 40 };

static void bring_back(struct sim *sim, struct prng *prng)
{
    const size_t count = sim->store.past_count;
    const int64_t most = prng_one_in(prng, 4) ? (int64_t)count : LATELY;

    if (count == 0)
        return;
    const size_t back =
        (size_t)prng_between(prng, 1, most < (int64_t)count ? most : (int64_t)count);
    const struct sim_change *old = &sim->store.past[count - back];
    if (old->is_floor)
        sim_trace(sim, "the adversary brings back floor %llu", (unsigned long long)old->floor);
    else
        sim_trace(sim, "the adversary brings back seq %llu", (unsigned long long)old->value.seq);
    sim_store_bring_back(sim, count - back);
}

/* All connections break, as they do when members are started again from a backup. */
static void restore(struct sim *sim)
{
    if (sim->saved.value == NULL)
        return;
    sim_trace(sim, "the adversary restores the store of revision %lld, at revision %lld",
              (long long)sim->saved.revision, (long long)sim->store.revision);
    oracle_restored(sim);
    sim_store_restore(sim, &sim->saved);
    for (unsigned i = 0; i < sim->config.nodes; i++)
        if (sim->node[i].alive)
            sim_node_break(sim, &sim->node[i]);
}

void sim_replay(struct sim *sim)
{
    struct prng *prng = &sim->replay;

    switch (prng_between(prng, 0, 9)) {
    case 0:
        sim_store_save(&sim->store, &sim->saved);
        break;
    case 1:
        restore(sim);
        break;
    default:
        bring_back(sim, prng);
    }
}
