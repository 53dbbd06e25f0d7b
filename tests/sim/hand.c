/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody revokes on one host, whether its store can be reached or not. The dice are its own, so a
 * fleet without it plays as before.
 */
#include "oracle.h"

void sim_hand(struct sim *sim)
{
    struct prng *prng = &sim->hand;
    struct sim_node *node = &sim->node[prng_between(prng, 0, sim->config.nodes - 1)];
    struct stek_fresh fresh = {.count = prng_one_in(prng, 10) ? 0 : 1}; /* the generator may fail */

    if (!node->alive || node->sync.records.count == 0)
        return;
    fresh.secret[0] = prng_secret(prng);
    const struct stek_record *last = stek_records_last(&node->sync.records);
    const uint64_t floor = sim_some_floor(sim, node, prng);
    const uint64_t asked = floor > 0 || last == NULL ? floor : last->seq + 1;
    const uint64_t destroyed =
        stek_sync_revoke_here(&node->sync, floor, sim_node_clock(sim, node) / 1000, &fresh);
    sim_trace(sim, "node %u revokes by itself: floor %llu, %llu records", node->number,
              (unsigned long long)node->sync.floor, (unsigned long long)destroyed);
    if (asked > node->hand_floor)
        node->hand_floor = asked;
    oracle_revoked_here(sim, node);
    sim_node_decide(sim, node);
}
