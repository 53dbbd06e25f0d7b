/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the store, but for the fleet's keys: it writes what does not open, and deletes. Its dice are
 * its own, so a fleet without it plays as before.
 */
#include "oracle.h"

enum { FLOOD = 250 };
#define FAR ((uint64_t)1 << 62)

static uint64_t last_good(const struct sim_store *store)
{
    uint64_t last = 0;

    for (size_t i = 0; i < store->count; i++)
        if (store->value[i].there && !store->value[i].foreign && store->value[i].seq > last)
            last = store->value[i].seq;
    return last;
}

/* Garbage on the places that come next: beside good values, over them, and in large numbers. */
static void put_garbage(struct sim *sim, struct prng *prng)
{
    const uint64_t last = last_good(&sim->store);
    const unsigned count = prng_one_in(prng, 10) ? FLOOD : (unsigned)prng_between(prng, 1, 6);

    sim_trace(sim, "the adversary writes garbage under %u seqs from %llu", count,
              (unsigned long long)last + 1);
    for (unsigned i = 1; i <= count; i++)
        sim_store_put_foreign(sim, last + i);
}

static void overwrite(struct sim *sim, struct prng *prng)
{
    const uint64_t last = last_good(&sim->store);

    if (last == 0)
        return;
    const uint64_t seq = last - (uint64_t)prng_between(prng, 0, last > 5 ? 4 : 0);
    sim_trace(sim, "the adversary overwrites seq %llu", (unsigned long long)seq);
    sim_store_put_foreign(sim, seq);
}

static void put_far(struct sim *sim, struct prng *prng)
{
    const uint64_t seq = FAR + (uint64_t)prng_between(prng, 0, 3);

    sim_trace(sim, "the adversary writes garbage under seq %llu", (unsigned long long)seq);
    sim_store_put_foreign(sim, seq);
}

void sim_adversary(struct sim *sim)
{
    struct prng *prng = &sim->adversary;

    switch (prng_between(prng, 0, 6)) {
    case 0:
    case 1:
        put_garbage(sim, prng);
        break;
    case 2:
        overwrite(sim, prng);
        break;
    case 3:
        put_far(sim, prng);
        break;
    case 4:
        sim_trace(sim, "the adversary overwrites the floor");
        sim_store_put_foreign_floor(sim);
        break;
    case 5:
        sim_trace(sim, "the adversary deletes the floor");
        sim_store_put_floor(sim, 0);
        break;
    default:
        sim_trace(sim, "the adversary deletes seq %llu",
                  (unsigned long long)last_good(&sim->store));
        sim_store_lose_key(sim, last_good(&sim->store));
    }
}
