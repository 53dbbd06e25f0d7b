/* SPDX-License-Identifier: Apache-2.0 */
/* A network that loses, delays, doubles and reorders; only what one watch tells comes in order. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

int64_t sim_net_delay(struct sim *sim)
{
    return prng_between(&sim->prng, 1, sim->config.bound_ms);
}

static bool trouble(struct sim *sim)
{
    return sim->config.lose > 0 && !sim->healing && prng_one_in(&sim->prng, sim->config.lose);
}

static struct sim_message *copy(const struct sim_message *message)
{
    struct sim_message *other = malloc(sizeof *other);

    if (other == NULL)
        abort();
    *other = *message;
    other->value = NULL;
    if (message->value == NULL)
        return other;
    other->value = malloc((message->count + 1) * sizeof *other->value);
    if (other->value == NULL)
        abort();
    memcpy(other->value, message->value, message->count * sizeof *other->value);
    return other;
}

/* Sends to the store, or from it; takes the message. */
static void send(struct sim *sim, struct sim_event *event)
{
    int64_t delay_ms = sim_net_delay(sim);

    if (sim->node[event->node].partitioned) {
        sim_message_free(event->message);
        return;
    }
    if (trouble(sim)) {
        switch (prng_between(&sim->prng, 0, 2)) {
        case 0: /* lost */
            sim_message_free(event->message);
            return;
        case 1: /* late */
            delay_ms = prng_between(&sim->prng, 1, 4 * sim->config.timeout_ms);
            break;
        default: { /* twice */
            struct sim_event again = *event;
            again.message = copy(event->message);
            again.at_ms = sim->now + prng_between(&sim->prng, 1, 2 * sim->config.timeout_ms);
            sim_push(sim, &again);
        }
        }
    }
    event->at_ms = sim->now + delay_ms;
    sim_push(sim, event);
}

void sim_net_request(struct sim *sim, struct sim_node *node, struct sim_message *message)
{
    struct sim_event event = {
        .kind = SIM_AT_STORE, .node = node->number, .life = node->life, .message = message};
    const struct sim_event timeout = {.at_ms = sim->now + sim->config.timeout_ms,
                                      .kind = SIM_TIMEOUT,
                                      .node = node->number,
                                      .life = node->life,
                                      .request = ++sim->next_request};

    message->life = sim->store.life;
    event.request = sim->next_request;
    sim->waiting_for[node->number] = event.request;
    sim_push(sim, &timeout);
    send(sim, &event);
}

/* A request that is on its way arrives even if the node has given up on it, or died. */
void sim_net_at_store(struct sim *sim, struct sim_event *event)
{
    if (event->message->life != sim->store.life) {
        sim_message_free(event->message);
        return;
    }
    sim_store_answer(sim, event->message);
    event->kind = SIM_AT_NODE;
    send(sim, event);
}

/* Sends a node what has changed since. */
void sim_net_watch(struct sim *sim, struct sim_node *node)
{
    if (!node->connected || node->stalled || node->partitioned ||
        node->sent_rev >= sim->store.revision)
        return;
    const int64_t at_ms = sim->now + sim_net_delay(sim);

    node->arrives_ms = at_ms > node->arrives_ms ? at_ms : node->arrives_ms;
    node->sent_rev = sim->store.revision;
    sim->store.watched++;
    sim_push(sim, &(struct sim_event){.at_ms = node->arrives_ms,
                                      .kind = SIM_WATCH,
                                      .node = node->number,
                                      .life = node->life,
                                      .revision = node->sent_rev});
}

void sim_net_watch_all(struct sim *sim)
{
    for (unsigned i = 0; i < sim->config.nodes; i++)
        sim_net_watch(sim, &sim->node[i]);
}
