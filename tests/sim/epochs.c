/* SPDX-License-Identifier: Apache-2.0 */
/* Which epochs a host can open, and what it must not have destroyed. */
#include "oracle.h"

#include "core/admit.h"
#include "fleet/rules/epoch.h"

/* The store's clock is the true one. */
static bool clock_is_confirmed(const struct sim_node *node)
{
    const int64_t most_ms = (int64_t)STEK_CLOCK_SKEW_MAX_S * 1000;

    return node->knows_clock && node->offset_ms <= most_ms && node->offset_ms >= -most_ms;
}

void sim_epochs_begin(struct sim_node *node)
{
    stek_sync_know_day(&node->sync, clock_is_confirmed(node), node->epoch);
}

/* Some clock has not passed the end of this record yet. */
static bool matters(const struct sim *sim, const struct sim_value *value)
{
    return value->there && !value->foreign &&
           value->record.accept_until * 1000 > sim->now - sim->config.skew_ms;
}

static void check_kept(struct sim *sim, const struct sim_node *node)
{
    const struct sim_store *store = &sim->store;

    if (store->floor_revision > 0 && !store->floor_foreign && store->floor_epoch < node->epoch &&
        sim_node_in_touch(node) && node->got_rev >= store->floor_revision)
        sim_fail(sim, "kept", "node %u can open the floor no more", node->number);
    for (size_t i = 0; i < store->count; i++)
        if (matters(sim, &store->value[i]) && store->value[i].epoch < node->epoch)
            sim_fail(sim, "kept", "node %u can open seq %llu no more", node->number,
                     (unsigned long long)store->value[i].seq);
}

void sim_epochs_follow(struct sim *sim, struct sim_node *node)
{
    const uint64_t needed = stek_epoch_needed(&node->sync, sim_node_clock(sim, node) / 1000);

    if (needed <= node->epoch)
        return;
    sim_trace(sim, "node %u destroys the epochs before %llu", node->number,
              (unsigned long long)needed);
    node->epoch = needed;
    check_kept(sim, node);
}

void oracle_epochs_ended(struct sim *sim, const struct sim_node *node)
{
    const int64_t late_s = STEK_CLOCK_SKEW_MAX_S + sim->config.policy.rotate_s;
    const uint64_t over = stek_epoch_at(sim->now / 1000 - late_s);

    if (node->epoch < over)
        sim_fail(sim, "ended", "node %u still has epoch %llu, %llu is over", node->number,
                 (unsigned long long)node->epoch, (unsigned long long)(over - 1));
}
