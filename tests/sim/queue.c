/* SPDX-License-Identifier: Apache-2.0 */
/* What is to happen, by time; what was pushed first comes first. A binary heap. */
#include "sim.h"

#include <stdlib.h>

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    const struct sim_event kept = *a;

    *a = *b;
    *b = kept;
}

void sim_push(struct sim *sim, const struct sim_event *event)
{
    if (sim->queue_count == sim->queue_capacity) {
        sim->queue_capacity = sim->queue_capacity * 2 + 64;
        sim->queue = realloc(sim->queue, sim->queue_capacity * sizeof *sim->queue);
        if (sim->queue == NULL)
            abort();
    }
    size_t at = sim->queue_count++;
    sim->queue[at] = *event;
    sim->queue[at].order = sim->next_order++;
    while (at > 0 && before(&sim->queue[at], &sim->queue[(at - 1) / 2])) {
        swap(&sim->queue[at], &sim->queue[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

bool sim_pop(struct sim *sim, struct sim_event *ret_event)
{
    if (sim->queue_count == 0)
        return false;
    *ret_event = sim->queue[0];
    sim->queue[0] = sim->queue[--sim->queue_count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < sim->queue_count; child++)
            if (before(&sim->queue[child], &sim->queue[least]))
                least = child;
        if (least == at)
            return true;
        swap(&sim->queue[at], &sim->queue[least]);
        at = least;
    }
}

void sim_message_free(struct sim_message *message)
{
    if (message != NULL)
        free(message->value);
    free(message);
}
