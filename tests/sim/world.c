/* SPDX-License-Identifier: Apache-2.0 */
/* One seed from start to end. */
#include "oracle.h"

#include "fleet/rules/epoch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIM_START_MS ((int64_t)1800000000 * 1000)

void sim_fail(struct sim *sim, const char *invariant, const char *detail_format, ...)
{
    va_list arguments;

    if (sim->failure != NULL)
        return;
    sim->failure = invariant;
    va_start(arguments, detail_format);
    vsnprintf(sim->detail, sizeof sim->detail, detail_format, arguments);
    va_end(arguments);
    sim_trace(sim, "FAILED %s: %s", invariant, sim->detail);
}

void sim_trace(const struct sim *sim, const char *format, ...)
{
    va_list arguments;

    if (!sim->trace)
        return;
    printf("%10.3f  ", (double)(sim->now - SIM_START_MS) / 1000);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static unsigned some_nodes(struct prng *prng)
{
    if (prng_one_in(prng, 40))
        return (unsigned)prng_between(prng, 50, 150);
    return (unsigned)prng_between(prng, 1, prng_one_in(prng, 3) ? 20 : 6);
}

static void configure(struct sim *sim, unsigned nodes)
{
    struct sim_config *config = &sim->config;
    struct prng *prng = &sim->prng;

    config->nodes = nodes > 0 ? nodes : some_nodes(prng);
    do {
        config->policy = (struct stek_policy){
            .rotate_s = prng_between(prng, 0, 1) ? 3600 : prng_between(prng, 20, 4000),
            .ahead = (uint32_t)prng_between(prng, 1, 4),
            .max_session_age_s = 86400};
        config->policy.accept_s =
            config->policy.rotate_s * prng_between(prng, 1, 12) + prng_between(prng, 0, 19);
    } while (stek_policy_problem(&config->policy) != NULL);
    config->bound_ms = config->policy.rotate_s * 1000 / prng_between(prng, 400, 4000);
    config->timeout_ms = 8 * config->bound_ms;
    config->skew_ms = config->policy.rotate_s * 1000 / prng_between(prng, 16, 1000);
    config->intervals = nodes > 200 ? 8 : 30;
    config->fault_ms = config->policy.rotate_s * 1000 / prng_between(prng, 1, 8);
    config->lose = (unsigned)prng_between(prng, 0, 1) * (unsigned)prng_between(prng, 3, 100);
    config->wild_clocks = prng_one_in(prng, 2);
    if (sim->calm) {
        config->policy = (struct stek_policy){
            .rotate_s = 3600, .accept_s = 43200, .max_session_age_s = 86400, .ahead = 2};
        config->bound_ms = 1000;
        config->timeout_ms = 7000;
        config->skew_ms = 1000;
        config->lose = 0;
    }
}

static void begin(struct sim *sim, uint64_t seed, unsigned nodes, bool trace, bool calm)
{
    memset(sim, 0, sizeof *sim);
    sim->seed = seed;
    sim->trace = trace;
    sim->calm = calm;
    sim->prng.state = seed;
    sim->adversary.state = ~seed;
    sim->replay.state = seed ^ 0x7265706c;
    sim->hand.state = seed ^ 0x68616e64;
    sim->hostile = seed % 2 == 1 && !calm;
    sim->replays = seed % 8 == 5 && !calm;
    sim->handy = seed % 4 >= 2 && !calm;
    sim->now = SIM_START_MS + prng_between(&sim->prng, 0, 999);
    sim->first_epoch = stek_epoch_at(sim->now / 1000);
    configure(sim, nodes);
    sim->node = calloc(sim->config.nodes, sizeof *sim->node);
    if (sim->node == NULL)
        abort();
    sim_store_init(sim);
    oracle_init(sim);
    sim_trace(sim,
              "seed %llu: %u nodes, rotate %lld s, accept %lld s, ahead %u, a fault in %lld ms",
              (unsigned long long)seed, sim->config.nodes, (long long)sim->config.policy.rotate_s,
              (long long)sim->config.policy.accept_s, sim->config.policy.ahead,
              (long long)sim->config.fault_ms);
    for (unsigned i = 0; i < sim->config.nodes; i++) {
        struct sim_node *node = &sim->node[i];
        node->number = i;
        node->touched_ms = INT64_MIN;
        node->epoch = sim->first_epoch;
        node->offset_ms = prng_between(&sim->prng, -sim->config.skew_ms, sim->config.skew_ms);
        sim_push(sim,
                 &(struct sim_event){
                     .at_ms = sim->now + prng_between(&sim->prng, 0, 2 * sim->config.timeout_ms),
                     .kind = SIM_HEAL_NODE,
                     .node = i});
    }
    sim_push(sim, &(struct sim_event){.at_ms = sim->now + sim->config.fault_ms, .kind = SIM_FAULT});
    sim_push(sim, &(struct sim_event){.at_ms = sim->now, .kind = SIM_LEASES});
    if (sim->handy)
        sim_push(sim, &(struct sim_event){.at_ms = sim->now, .kind = SIM_HAND});
    if (sim->hostile)
        sim_push(sim, &(struct sim_event){.at_ms = sim->now, .kind = SIM_ADVERSARY});
    if (sim->replays)
        sim_push(sim, &(struct sim_event){.at_ms = sim->now, .kind = SIM_REPLAY});
}

static void again(struct sim *sim, const struct sim_event *event, int64_t delay_ms)
{
    struct sim_event next = *event;

    next.at_ms = sim->now + delay_ms;
    sim_push(sim, &next);
}

/* What happens to a node; void if it has died or its connection has broken since. */
static void step_node(struct sim *sim, struct sim_event *event)
{
    struct sim_node *node = &sim->node[event->node];

    if (node->life != event->life)
        return;
    switch (event->kind) {
    case SIM_WAKE:
        sim_node_decide(sim, node);
        return;
    case SIM_CONNECT:
        sim_node_connect(sim, node);
        return;
    case SIM_AT_NODE:
        sim_node_answer(sim, node, event);
        return;
    case SIM_WATCH:
        sim_node_changes(sim, node, event->revision);
        return;
    default:
        sim_node_timeout(sim, node, event->request);
    }
}

static void step(struct sim *sim, struct sim_event *event)
{
    sim->now = event->at_ms;
    sim->steps++;
    switch (event->kind) {
    case SIM_AT_STORE:
        sim_net_at_store(sim, event);
        return; /* the message goes on */
    case SIM_FAULT:
        if (!sim->healing && !sim->calm)
            sim_fault(sim);
        again(sim, event, prng_between(&sim->prng, 1, 2 * sim->config.fault_ms));
        break;
    case SIM_ADVERSARY:
        if (!sim->healing)
            sim_adversary(sim);
        again(sim, event, prng_between(&sim->adversary, 1, sim->config.fault_ms));
        break;
    case SIM_REPLAY:
        if (!sim->healing)
            sim_replay(sim);
        again(sim, event, prng_between(&sim->replay, 1, 2 * sim->config.fault_ms));
        break;
    case SIM_HAND:
        if (!sim->healing)
            sim_hand(sim);
        again(sim, event, prng_between(&sim->hand, 1, 8 * sim->config.fault_ms));
        break;
    case SIM_HEAL_NODE:
        sim_heal_node(sim, &sim->node[event->node]);
        break;
    case SIM_LEASES:
        sim_store_expire(sim);
        again(sim, event, sim->config.policy.rotate_s * 250);
        break;
    default:
        step_node(sim, event);
    }
    sim_message_free(event->message);
}

static void run_for(struct sim *sim, int64_t duration_ms)
{
    const int64_t until_ms = sim->now + duration_ms;
    const uint64_t most = 200000 + 20000 * (uint64_t)sim->config.nodes;
    struct sim_event event;

    while (sim->failure == NULL && sim->steps <= most && sim->queue_count > 0 &&
           sim->queue[0].at_ms <= until_ms && sim_pop(sim, &event))
        step(sim, &event);
    if (sim->failure == NULL)
        sim->now = until_ms;
    if (sim->steps > most)
        sim_fail(sim, "idle", "%llu steps for %u nodes", (unsigned long long)sim->steps,
                 sim->config.nodes);
}

bool sim_run(struct sim *sim, uint64_t seed, unsigned nodes, bool trace, bool calm)
{
    begin(sim, seed, nodes, trace, calm);
    const int64_t rotate_ms = sim->config.policy.rotate_s * 1000;

    run_for(sim, sim->config.intervals * rotate_ms);
    if (sim->failure == NULL)
        sim_heal_all(sim);
    /* Late messages, a reconnection, a turn to publish, and once more for one that lost. */
    run_for(sim, 20 * sim->config.timeout_ms + rotate_ms / 2 + 1000);
    if (sim->failure == NULL)
        oracle_in_step(sim, false);
    run_for(sim, (sim->config.policy.ahead + 6) * rotate_ms);
    if (sim->failure == NULL)
        oracle_in_step(sim, true);
    if (sim->failure != NULL)
        sim_store_show(sim);
    for (unsigned i = 0; i < sim->config.nodes && i < 20 && sim->failure != NULL; i++)
        sim_node_show(sim, &sim->node[i]);
    return sim->failure == NULL;
}

void sim_end(struct sim *sim)
{
    struct sim_event event;

    while (sim_pop(sim, &event))
        sim_message_free(event.message);
    for (unsigned i = 0; i < sim->config.nodes; i++)
        stek_sync_wipe(&sim->node[i].sync);
    sim_store_fini(sim);
    oracle_fini(sim);
    free(sim->node);
    free(sim->queue);
}
